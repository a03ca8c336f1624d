"""A sample of the world's writing, for messages: how each language names itself, and a few words in it.

Chosen for what they do to software: letters joined and reordered, marks above and below, no blanks between words, right to
left, beyond the first 65,536 characters, pictures made of several code points.
"""

# tag, the language's name for itself, words
LANGUAGES = [
    ("en", "English", "Thank you for your answers"), ("de", "Deutsch", "Vielen Dank für Ihre Antworten, schöne Grüße"),
    ("fr", "français", "Merci beaucoup : à bientôt, l’été prochain"), ("es", "español", "¿Qué tal? ¡Muchas gracias, señora Núñez!"),
    ("pt", "português", "Muito obrigado, até amanhã"), ("it", "italiano", "Grazie mille, è già finito"),
    ("ro", "română", "Vă mulțumim și bună ziua"), ("ca", "català", "Moltes gràcies, col·legues"),
    ("nl", "Nederlands", "Hartelijk dank, één vraag"), ("sv", "svenska", "Tack så mycket, på återseende"),
    ("da", "dansk", "Mange tak, på gensyn i København"), ("nb", "norsk bokmål", "Tusen takk, gå ikke ennå"),
    ("is", "íslenska", "Þakka þér fyrir, góðan daginn"), ("fo", "føroyskt", "Takk fyri, góðan dag"),
    ("fi", "suomi", "Kiitos paljon, hyvää päivää"), ("et", "eesti", "Suur tänu, head õhtut"),
    ("lv", "latviešu", "Liels paldies, lūdzu"), ("lt", "lietuvių", "Labai ačiū, iki pasimatymo ąžuole"),
    ("pl", "polski", "Dziękuję bardzo, żółć i źdźbło"), ("cs", "čeština", "Děkujeme, příjemný den"),
    ("sk", "slovenčina", "Ďakujeme, ľúbezný deň"), ("hu", "magyar", "Köszönjük, jó napot, őszi tűz"),
    ("sl", "slovenščina", "Hvala lepa, nasvidenje v čebelnjaku"), ("hr", "hrvatski", "Hvala lijepa, đaci i žabe"),
    ("sr", "српски", "Хвала лепо, довиђења, њихово ђаче"), ("mk", "македонски", "Благодарам, ќе се видиме"),
    ("bg", "български", "Благодаря много, довиждане"), ("ru", "русский", "Спасибо большое, объём съёмки"),
    ("uk", "українська", "Щиро дякуємо, до побачення, ґанок"), ("be", "беларуская", "Дзякуй вялікі, ўсяго добрага"),
    ("kk", "қазақ тілі", "Рақмет, қош болыңыз"), ("mn", "монгол", "Баярлалаа, өнөөдөр үү"),
    ("el", "ελληνικά", "Ευχαριστώ πολύ, καλημέρα σας"), ("grc", "Ἑλληνική", "χαῖρε, ᾧ ἄνθρωπε· τί ἐστιν;"),
    ("hy", "հայերեն", "Շնորհակալություն, ցտեսություն։"), ("ka", "ქართული", "დიდი მადლობა, ნახვამდის"),
    ("tr", "Türkçe", "Çok teşekkürler, İstanbul’da ılık ığdır"), ("az", "azərbaycanca", "Çox sağ olun, əlvida"),
    ("vi", "tiếng Việt", "Cảm ơn rất nhiều, hẹn gặp lại"), ("cy", "Cymraeg", "Diolch yn fawr, tŷ a ŵyn"),
    ("ga", "Gaeilge", "Go raibh maith agat, slán abhaile"), ("mt", "Malti", "Grazzi ħafna, il-lejl it-tajjeb għaliż"),
    ("eu", "euskara", "Eskerrik asko, gero arte"), ("sq", "shqip", "Faleminderit shumë, mirë se vini"),
    ("yo", "Yorùbá", "Ẹ ṣé gan an, ó dàbọ̀"), ("ig", "Igbo", "Daalụ, ka ọ dị mma"), ("ha", "Hausa", "Na gode, sai an jima ƙwarai"),
    ("sw", "Kiswahili", "Asante sana, kwa heri"), ("am", "አማርኛ", "በጣም አመሰግናለሁ፣ ደህና ሁን።"),
    ("ar", "العربية", "شُكْرًا جَزِيلًا، إِلَى اللِّقَاءِ"), ("fa", "فارسی", "خیلی ممنون، می\u200cخواهم بروم ۱۲۳"),
    ("ur", "اردو", "آپ کا بہت شکریہ، خدا حافظ"), ("ps", "پښتو", "ډېره مننه، د خدای په امان"), ("ckb", "کوردی", "زۆر سوپاس، ماڵئاوا"),
    ("ug", "ئۇيغۇرچە", "كۆپ رەھمەت، خەير خوش"), ("he", "עברית", "תּוֹדָה רַבָּה, לְהִתְרָאוֹת"), ("yi", "ייִדיש", "אַ דאַנק, זײַ געזונט"),
    ("syr", "ܣܘܪܝܝܐ", "ܬܘܕܝ ܣܓܝ، ܦܘܫ ܒܫܠܡܐ"), ("dv", "ދިވެހި", "ވަރަށް ޝުކުރިއްޔާ"), ("nqo", "ߒߞߏ", "ߌ ߣߌ߫ ߗߍ߫، ߞߊ߲߬ ߓߍ߫"),
    ("hi", "हिन्दी", "बहुत धन्यवाद, फिर मिलेंगे क्षत्रिय"), ("mr", "मराठी", "खूप आभारी आहे, पुन्हा भेटू"), ("ne", "नेपाली", "धेरै धन्यवाद, फेरि भेटौँला"),
    ("bn", "বাংলা", "অনেক ধন্যবাদ, আবার দেখা হবে"), ("pa", "ਪੰਜਾਬੀ", "ਬਹੁਤ ਧੰਨਵਾਦ, ਫਿਰ ਮਿਲਾਂਗੇ"), ("gu", "ગુજરાતી", "ખૂબ આભાર, ફરી મળીશું"),
    ("or", "ଓଡ଼ିଆ", "ବହୁତ ଧନ୍ୟବାଦ, ପୁଣି ଦେଖା ହେବ"), ("ta", "தமிழ்", "மிக்க நன்றி, மீண்டும் சந்திப்போம்"), ("te", "తెలుగు", "చాలా ధన్యవాదాలు, మళ్ళీ కలుద్దాం"),
    ("kn", "ಕನ್ನಡ", "ತುಂಬಾ ಧನ್ಯವಾದಗಳು, ಮತ್ತೆ ಸಿಗೋಣ"), ("ml", "മലയാളം", "വളരെ നന്ദി, വീണ്ടും കാണാം"), ("si", "සිංහල", "බොහොම ස්තුතියි, නැවත හමුවෙමු"),
    ("th", "ไทย", "ขอบคุณมากครับพบกันใหม่โอกาสหน้าที่กรุงเทพมหานคร"), ("lo", "ລາວ", "ຂອບໃຈຫຼາຍໆພົບກັນໃໝ່"), ("my", "မြန်မာ", "ကျေးဇူးတင်ပါတယ်ထပ်တွေ့မယ်"),
    ("km", "ខ្មែរ", "អរគុណច្រើនជួបគ្នាម្ដងទៀត"), ("bo", "བོད་སྐད་", "ཐུགས་རྗེ་ཆེ། ག་ལེར་བཞུགས།"), ("dz", "རྫོང་ཁ", "བཀྲིན་ཆེ་ལགས།"),
    ("zh-Hans", "简体中文", "非常感谢您的回答，再见。“水”的调查"), ("zh-Hant", "繁體中文", "非常感謝您的回答，再見。「水」的調查"), ("yue", "粵語", "多謝晒，下次再見，嘅咗𠵱家"),
    ("ja", "日本語", "どうもありがとうございました。またお会いしましょう、𠮷野家さん"), ("ko", "한국어", "대단히 감사합니다, 안녕히 계세요"),
    ("okm", "옛한글", "나랏말ᄊᆞ미 듕귁에 달아"), ("mnc", "ᠮᠠᠨᠵᡠ ᡤᡳᠰᡠᠨ", "ᠪᠠᠨᡳᡥᠠ"), ("chr", "ᏣᎳᎩ", "ᏩᏙ, ᏙᎾᏓᎪᎲᎢ"), ("iu", "ᐃᓄᒃᑎᑐᑦ", "ᖁᔭᓐᓇᒦᒃ, ᑕᕝᕙᐅᑎᑦ"),
    ("got", "𐌲𐌿𐍄𐌹𐍃𐌺", "𐌰𐍅𐌹𐌻𐌹𐌿𐌳𐍉 𐌸𐌿𐍃"), ("ff-Adlm", "𞤆𞤵𞤤𞤢𞤪", "𞤢 𞤶𞤢𞥄𞤪𞤢𞥄𞤥𞤢"), ("zgh", "ⵜⴰⵎⴰⵣⵉⵖⵜ", "ⵜⴰⵏⵎⵎⵉⵔⵜ"), ("cop", "ⲙⲉⲧⲣⲉⲙⲛ̀ⲭⲏⲙⲓ", "ϣⲉⲡϩⲙⲟⲧ"),
    ("lzh", "文言", "學而時習之，不亦說乎"), ("la", "Latina", "Gratias ago, vale: ſic transit"), ("eo", "Esperanto", "Koran dankon, ĝis revido ĉe ŝi"),
]

EMOJI = ["👍🏽", "👨\u200d👩\u200d👧\u200d👦", "🏳️\u200d🌈", "🇩🇪 🇯🇵 🇧🇷", "1️⃣ #️⃣ *️⃣", "🧑🏿\u200d🔬", "❤️\u200d🔥", "☕️ ☎"]

# Marks that pile up, and what normalisation changes or must leave alone.
MARKS = ["e\u0301te\u0301", "a\u0323\u0302 o\u0302\u0323", "Å \u212b", "ﬁ ﬀ ſt", "x\u0300\u0301\u0302", "가 \u1100\u1161", "\u0958", "ẛ̣", "½ Ⅷ ㎏ ①"]

# In two directions at once.
MIXED = ["abc אבג 123 def", "العدد 42 (الصفحة 7) ABC", "שלום, world! 3.5 %", "C++ עם סוגריים (x)", "مرحبا (water) 2026-11-23", "‎؟ what"[1:]]


def texts():
    """Each as plain text of one line."""
    return [f"{name}: {words}" for _, name, words in LANGUAGES] + MARKS + MIXED
