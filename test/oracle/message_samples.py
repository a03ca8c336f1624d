"""Messages as researchers would write them, one of each kind: for filters (test_filters.py) and for eyes (test/browser).

SAMPLES: name -> {"draft", "people"} as message_tool takes it; render() gives the bytes by name.
"""
import base64
import json
import struct
import subprocess
import zlib

VALUES = {"name": "Jo Fisher", "number": "EX-0417", "town": "Exampleton", "survey": "https://survey.example.com/s/8f3a"}

PLAIN = """Dear {{name|participant}},

thank you for taking part in **Drinking water at home**. Over the past year 412 households in {{town|your town}} have sent us
samples, and we would like to invite you to the *second round*.

## What we ask of you

1. Fill the small bottle from your kitchen tap, first thing in the morning.
2. Write your number, {{number|which is on the box}}, on the label.
3. Post it to us by **14 December**. Postage is paid.

It takes about ten minutes. You can read [how we test for lead](https://water.example.ac.uk/how-we-test) before you decide, and
you are free not to reply at all.

> “I was surprised how easy it was.” A participant in the first round

With thanks and best wishes,\\
Ada Byron
"""

TABLE = """Dear {{name|participant}},

here is what we found in the first round.

| Area | Homes | Above the limit | Median, in micrograms of lead per litre |
|:--|--:|--:|--:|
| Old town | 212 | 9 | 2.4 |
| Riverside | 131 | 2 | 1.1 |
| Hillside | 69 | 0 | 0.6 |

And when we can visit:

| Day | Morning | Afternoon | Evening | Where to ring | Language |
|---|---|---|---|---|---|
| Monday | 8 to 10 | 13 to 15 | none | at the side door | English |
| Thursday | none | 14 to 17 | 18 to 20 | at the main entrance of the house | English, Welsh |

- If you want a visit, reply with a day.
  - A morning is best for us.
  - An evening is fine.
- If not, you need not do anything.

```
Number   EX-0417
Bottle   2
```

Ada Byron
"""

LONG_WORDS = """Dear {{name|participant}},

the file is called Trinkwasserverordnungsaenderungsverordnungsentwurfsbegruendungsanlagenverzeichnis_{{number}}_Endfassung.

Read https://water.example.ac.uk/results/2026/round-two/by-area/old-town/""" + "very-long-path/" * 12 + """index

# Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft
"""

ARABIC = """عزيزي {{name|المشارك}}،

نشكرك على مشاركتك في دراسة **مياه الشرب في المنازل**. شارك معنا 412 منزلا في {{town|مدينتك}}، ونود أن ندعوك إلى *الجولة الثانية*.

## ماذا نطلب منك

1. املأ الزجاجة الصغيرة من صنبور المطبخ صباحا.
2. اكتب رقمك {{number|المكتوب على العلبة}} على الملصق.
3. أرسلها إلينا قبل 14 ديسمبر.

يمكنك أن تقرأ [كيف نفحص الرصاص](https://water.example.ac.uk/how-we-test) قبل أن تقرر.

> فوجئت بسهولة الأمر

| المنطقة | المنازل |
|:--|--:|
| المدينة القديمة | 212 |
| ضفة النهر | 131 |

مع أطيب التحيات،\\
آدا بايرون
"""

HEBREW = """שלום {{name|משתתפת}},

תודה על השתתפותך במחקר **מי השתייה בבית**. בשנה האחרונה שלחו לנו 412 משקי בית דגימות, ואנו מזמינים אותך *לסבב השני*.

- מלאו את הבקבוק הקטן (250 ml) בבוקר.
- כתבו את המספר {{number}} על התווית.

פרטים: https://water.example.ac.uk/how-we-test

בברכה,\\
עדה ביירון
"""

JAPANESE = """{{name|参加者}}様

「家庭の飲み水」調査にご協力いただき、誠にありがとうございます。この一年間に412世帯から試料をお送りいただきました。つきましては**第二回調査**へのご参加をお願い申し上げます。

## お願いしたいこと

1. 朝一番に、台所の蛇口から小瓶に水を入れてください。
2. ラベルに番号（{{number}}）をお書きください。
3. 12月14日までにご返送ください。

詳しくは[検査の方法](https://water.example.ac.uk/how-we-test)をご覧ください。

敬具
"""

SURVEY = """Dear {{name|participant}},

{{if town = Exampleton}}
since you live in Exampleton, your questions are about the new works on the river.
{{else}}
your questions are about your own tap.
{{end}}

[Answer the twelve questions]({{survey}}), which takes four minutes, or copy this address:

{{survey}}

Ada Byron
"""


HANDMADE = """<p>Dear {{name|participant}},</p>
<p>thank you for taking part in <b>Drinking water at home</b>. Over the past year <i>412 households</i> have sent us samples.</p>
<h2>What we ask of you</h2>
<ol><li>Fill the small bottle from your kitchen tap.</li><li>Write your number, {{number|which is on the box}}, on the label.</li></ol>
<table><tr><th>Area</th><th>Homes</th></tr><tr><td>Old town</td><td>212</td></tr><tr><td>Riverside</td><td>131</td></tr></table>
<p style="color:#555555">You can read <a href="https://water.example.ac.uk/how-we-test">how we test for lead</a> before you decide.</p>
<blockquote>I was surprised how easy it was.</blockquote>
<p>With best wishes,<br>Ada Byron</p>
"""


def picture(width=584, height=150):
    """A PNG of two soft bands, drawn here."""
    rows = b"".join(b"\0" + bytes(v for x in range(width) for v in ((40 + x // 6, 120, 140) if y * 3 < height + x // 5 else (230, 236, 232)))
                    for y in range(height))

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(rows, 9))
            + chunk(b"IEND", b""))


RIVER = {"name": "river", "alt": "The river below the old waterworks, seen from the bridge", "type": "image/png", "width": 584, "height": 150,
         "base64": base64.b64encode(picture()).decode()}


def sample(body, **draft):
    return {"draft": {"body": body, "subject": "An invitation to the second round", "reply_to": "water-study@research-mail.example.ac.uk", **draft},
            "people": [{"values": VALUES}]}


SAMPLES = {
    "plain": sample(PLAIN),
    "short": sample("Dear {{name}},\n\nthe results are on our page from tomorrow.\n\nAda Byron"),
    "image": sample(PLAIN.replace("## What", "![](river)\n\n## What"), images=[RIVER]),
    "table": sample(TABLE, subject="What we found in the first round"),
    "survey": sample(SURVEY, subject="Twelve questions about your tap"),
    "long-words": sample(LONG_WORDS),
    "long": sample("\n\n".join(PLAIN for _ in range(12))),
    "arabic": sample(ARABIC, language="ar", subject="دعوة إلى الجولة الثانية", project_title="مياه الشرب في المنازل"),
    "hebrew": sample(HEBREW, language="he", subject="הזמנה לסבב השני", project_title="מי השתייה בבית"),
    "japanese": sample(JAPANESE, language="ja", subject="第二回調査のご案内", project_title="家庭の飲み水"),
    "german": sample(PLAIN, language="de", other_languages=["en", "fr"], subject="Einladung zur zweiten Runde"),
    "several": sample(PLAIN, other_languages=["de", "fr", "ar"]),
    "handmade": sample(HANDMADE, handmade=True),
    "trial": sample(PLAIN, trial=True),
}


def render(tool, samples=None):
    """{name: bytes}."""
    samples = SAMPLES if samples is None else samples
    done = subprocess.run([tool], input="".join(json.dumps(s) + "\n" for s in samples.values()).encode(), stdout=subprocess.PIPE, check=True)
    answers = [json.loads(line) for line in done.stdout.splitlines()][1:]
    wrong = {name: a["error"] for name, a in zip(samples, answers, strict=True) if "error" in a}
    assert not wrong, wrong
    return {name: a["message"].encode() for name, a in zip(samples, answers)}
