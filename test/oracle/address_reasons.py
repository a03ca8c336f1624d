"""Where we judge otherwise than the collections of others, and why; see test_address_corpora.py.

Each reason stands with a pattern that our answer must match, and the cases of each collection as name() names them.
Cases of IDNA's tests are named by their lines.
"""

ADDRESSES = [
    ('Quotes: only a quoted local part that does without them is supported (ADR-2)',
     r"needs quotes|angle brackets|more than one address|two dots|nothing before",
     {
         'isemail': [
             '""@iana.org', '"\\\\""@iana.org', '"\\\\\\\\"@iana.org', '"test\\\\ test"@iana.org',
             '"first\\\\"last"@iana.org', '"first@last"@iana.org', '"first\\\\\\\\last"@iana.org',
             '"Abc\\\\@def"@iana.org', '"Fred\\\\ Bloggs"@iana.org', '"Joe.\\\\\\\\Blow"@iana.org',
             '"Abc@def"@iana.org', '"Fred Bloggs"@iana.org', '"Doug \\\\"Ace\\\\" L."@iana.org',
             '"[[ test ]]"@iana.org', '"test@test"@iana.org', '"test\\\\\\\\blah"@iana.org',
             '"test\\\\"blah"@iana.org', '"Austin@Powers"@iana.org', '"Ima Fool"@iana.org', '"first..last"@iana.org',
             '"first\\\\\\\\\\\\"last"@iana.org', '"hello my name is"@stutter.com',
             '"Test \\\\"Fail\\\\" Ing"@iana.org', '"Joe\\\\\\\\Blow"@iana.org', '"first(last)"@iana.org',
         ],
         'validator.js': [
             '"  foo  m\\u7aefller "@example.com', '"foo\\\\@bar"@example.com',
         ],
         'egulias': [
             '"user,name"@example.com', '"user name"@example.com', '"user@name"@example.com',
             '"user\\\\"name"@example.com', '"test\\\\ test"@iana.org', '""@iana.org', '"\\\\""@iana.org',
             '"\\t"@invalid.example.com', '"\\r"@invalid.example.com',
         ],
         'flanker': [
             '"much.more unusual"@example.com', '"very.unusual.@.unusual.com"@example.com',
             '"very.(),:;<>[]\\\\".VERY.\\\\"very@\\\\\\\\ \\\\"very\\\\".unusual"@strange.example.com',
             '"()<>[]:,;@\\\\\\\\\\\\"!#$%&\\\'*+-/=?^_`{}| ~.a"@example.org', '" "@example.org',
             '"quoted-at-sign@sld.org"@sld.com', '"escaped\\\\"quote"@sld.com', '"tom+[a]"@s.com',
             '"Abc@def"@example.com', '"Fred\\\\ Bloggs"@example.com', '"Fred\\\\@Bloggs"@example.com',
             '"first\\\\"last"@iana.org', '"first@last"@iana.org', '"Abc\\\\@def"@iana.org',
             '"Fred\\\\ Bloggs"@iana.org', '"Abc@def"@iana.org', '"Fred Bloggs"@iana.org',
             '"Doug \\\\"Ace\\\\" L."@iana.org', '"[[ test ]]"@iana.org', '"test@test"@iana.org',
             '"test\\\\"blah"@iana.org', '"Austin@Powers"@iana.org', '"Ima Fool"@iana.org', '"first..last"@iana.org',
             '"first\\\\\\\\\\\\"last"@iana.org', '"test blah"@iana.org', '"hello my name is"@stutter.com',
             '"Test \\\\"Fail\\\\" Ing"@iana.org', '"Fred Bloggs"@example.com', '"Joe.\\\\\\\\Blow"@example.com',
             '"much.more unusual"@sld.com', '"very.unusual.@.unusual.com"@sld.com',
             '"very.(),:;<>[]\\\\".VERY.\\\\"very@\\\\\\\\ \\\\"very\\\\".unusual"@sld.com',
             '"()<>[]:,;@\\\\\\\\\\\\"!#$%&\\\'*+-/=?^_`{}| ~.a"@sld.com', '" "@sld.com', '"tom+[a]"@sld.com',
             '"first\\\\"last"@sld.com', '"Fred\\\\ Bloggs"@sld.com', '"Fred Bloggs"@sld.com',
             '"Doug \\\\"Ace\\\\" L."@sld.com', '"[[ test ]]"@sld.com', '"test\\\\"blah"@sld.com',
             '"Ima Fool"@sld.com', '"first..last"@sld.com', '"first\\\\\\\\\\\\"last"@sld.com',
             '"test blah"@sld.com', '"hello my name is"@sld.com', '"Test \\\\"Fail\\\\" Ing"@sld.com',
             '"Abc@def"@sld.com', '"Abc\\\\@def"@sld.com', '"test@test"@sld.com', '"Austin@Powers"@sld.com',
             '"Fred\\\\@Bloggs"@sld.com', '"first@last"@sld.com',
         ],
     }),
    ('Address literals and numbers for a domain are not accepted (ADR-2)',
     r"IP address",
     {
         'isemail': [
             'test@iana.123', 'test@255.255.255.255', 'test@[255.255.255.255]',
             'test@[IPv6:1111:2222:3333:4444:5555:6666:7777:8888]', 'test@[IPv6:1111:2222:3333:4444:5555::8888]',
             'test@[IPv6:::3333:4444:5555:6666:7777:8888]', 'test@[IPv6:::]',
             'test@[IPv6:1111:2222:3333:4444:5555:6666:255.255.255.255]',
             'test@[IPv6:1111:2222:3333:4444::255.255.255.255]', 'first.last@[12.34.56.78]',
             'first.last@[IPv6:::12.34.56.78]', 'first.last@[IPv6:1111:2222:3333::4444:12.34.56.78]',
             'first.last@[IPv6:1111:2222:3333:4444:5555:6666:12.34.56.78]',
             'first.last@[IPv6:::1111:2222:3333:4444:5555:6666]', 'first.last@[IPv6:1111:2222:3333::4444:5555:6666]',
             'first.last@[IPv6:1111:2222:3333:4444:5555:6666::]',
             'first.last@[IPv6:1111:2222:3333:4444:5555:6666:7777:8888]',
             'first.last@[IPv6:1111:2222:3333::4444:5555:12.34.56.78]',
             'first.last@[IPv6:1111:2222:3333::4444:5555:6666:7777]', 'first.last@example.123',
             'test@123.123.123.123', 'test@[123.123.123.123]', 'aaa@[123.123.123.123]', 'foobar@192.168.0.1',
             'first.last@[IPv6:::a2:a3:a4:b1:b2:b3:b4]', 'first.last@[IPv6:a1:a2:a3:a4:b1:b2:b3::]',
             'first.last@[IPv6:::]', 'first.last@[IPv6:::b4]', 'first.last@[IPv6:::b3:b4]',
             'first.last@[IPv6:a1::b4]', 'first.last@[IPv6:a1::]', 'first.last@[IPv6:a1:a2::]',
             'first.last@[IPv6:0123:4567:89ab:cdef::]', 'first.last@[IPv6:0123:4567:89ab:CDEF::]',
             'first.last@[IPv6:::a3:a4:b1:ffff:11.22.33.44]', 'first.last@[IPv6:::a2:a3:a4:b1:ffff:11.22.33.44]',
             'first.last@[IPv6:a1:a2:a3:a4::11.22.33.44]', 'first.last@[IPv6:a1:a2:a3:a4:b1::11.22.33.44]',
             'first.last@[IPv6:a1::11.22.33.44]', 'first.last@[IPv6:a1:a2::11.22.33.44]',
             'first.last@[IPv6:0123:4567:89ab:cdef::11.22.33.44]',
             'first.last@[IPv6:0123:4567:89ab:CDEF::11.22.33.44]', 'first.last@[IPv6:a1::b2:11.22.33.44]',
         ],
         'egulias': [
             'validipv6@[IPv6:2001:db8:1ff::a0b:dbd0]', 'validipv4@[127.0.0.0]', 'validipv4@127.0.0.0',
             'example@[127.0.0.1]', 'example@[IPv6:2001:0db8:85a3:0000:0000:8a2e:0370:7334]',
             'example@[IPv6:2001:0db8:85a3:0000:0000:8a2e:0370::]',
             'example@[IPv6:2001:0db8:85a3:0000:0000:8a2e:0370:7334::]', 'example@[IPv6:1::1::1]', 'example@[\\n]',
             'example@[::1]', 'example@[::123.45.67.178]', 'example@[IPv6::2001:0db8:85a3:0000:0000:8a2e:0370:7334]',
             'example@[IPv6:z001:0db8:85a3:0000:0000:8a2e:0370:7334]',
             'example@[IPv6:2001:0db8:85a3:0000:0000:8a2e:0370:]',
         ],
         'flanker': [
             'first.last@example.123', 'test@123.123.123.123', 'foobar@192.168.0.1',
         ],
     }),
    ('A single label is no domain that mail is sent to from outside (ADR-2)',
     r"no dot",
     {
         'isemail': [
             'test@io', 'test@org', 'first.last@com', 'test@example', 'a@b', 'a@bar',
         ],
         'egulias': [
             'example@example', 'example@localhost',
         ],
         'flanker': [
             'postbox@com', 'admin@mailserver1', 'bob@mi-nus', 'first.last@com', 'test@example', 'a@b', 'a@bar',
         ],
     }),
    ('Characters that route through other hosts are not accepted (ADR-2)',
     r"would route",
     {
         'isemail': [
             '!#$%&`*+/=?^`{|}~@iana.org', '!def!xyz%abc@iana.org', 'user%uucp!path@berkeley.edu',
             "cdburgess+!#$%&'*-/=?+_{}|~test@gmail.com",
         ],
         'flanker': [
             "!#$%&'*+-/=?^_`{}|~@example.org", "my|'`!#_~%$&{}?^+-*@host.com", '!def!xyz%abc@example.com',
             '!def!xyz%abc@iana.org', 'user%uucp!path@berkeley.edu', "cdburgess+!#$%&'*-/=?+_{}|~test@mail.com",
             "!#$%&'*+-/=?^_`.{|}~@example.com", "!#$%&'*+-/=?^_`{}|~@sld.com", "my|'`!#_~%$&{}?^+-*@sld.com",
             '!def!xyz%abc@sld.com', 'user%uucp!path@sld.com', "cdburgess+!#$%&'*-/=?+_{}|~test@sld.com",
         ],
     }),
    ('Comments are not accepted (ADR-2)',
     r"comment|blank inside|words stand behind",
     {
         'egulias': [
             'example((example))@fakedfake.co.uk', 'example(examplecomment)@invalid.example.com',
             'example@faked(fake).co.uk', 'example@invalid.example(examplecomment).com',
         ],
         'flanker': [
             '(this is a comment) test@example.com', '(this is a comment)test@example.com',
             'test@example.com(this is a comment)', 'test@example.com (this is a comment)',
         ],
     }),
    ('Blanks inside of an address are not accepted (ADR-2)',
     r"blank inside",
     {
         'egulias': [
             'example @invalid.example.com',
         ],
     }),
    ('Longer than a local part may be (ADR-1); there a warning',
     r"octets long",
     {
         'egulias': [
             'a5aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@example.com',
             'too_long_localpart_too_long_localpart_too_long_loc...39d97698',
         ],
     }),
    ('An escaped character without quotes is no dot-atom (ADR-2)',
     r"character .* cannot stand",
     {
         'egulias': [
             'fab\\\\ ien@symfony.com',
         ],
     }),
    ('No domain by IDNA2008 or by its letters: a wrong A-label, an underscore, a "!" (ADR-5)',
     r"is no domain",
     {
         'isemail': [
             'test@xn--example.com',
         ],
         'flanker': [
             'bob@under_scope', 'Bill Gates <"billy"@retired.Micr!osoft99.com>',
         ],
     }),
    ('A cell may have blanks and line breaks around the address: they go, and it is told',
     r"^ok\t[^\t]*\t[^\t]*\tblanks",
     {
         'isemail': [
             '\\r\\n test@iana.org', '\\r\\n \\r\\n test@iana.org', 'test@iana.org\\n', 'test@iana.org\\r',
             '\\rtest@iana.org', '\\ntest@iana.org', '\\r\\ntest@iana.org', '\\r\\n \\r\\ntest@iana.org',
             ' \\r\\ntest@iana.org', ' \\r\\n test@iana.org', ' \\r\\n \\r\\ntest@iana.org',
             ' \\r\\n\\r\\ntest@iana.org', ' \\r\\n\\r\\n test@iana.org', 'test@iana.org\\r\\n ',
             'test@iana.org\\r\\n \\r\\n ', 'test@iana.org\\r\\n', 'test@iana.org\\r\\n \\r\\n',
             'test@iana.org \\r\\n', 'test@iana.org \\r\\n ', 'test@iana.org \\r\\n \\r\\n',
             'test@iana.org \\r\\n\\r\\n', 'test@iana.org \\r\\n\\r\\n ', ' test@iana.org', 'test@iana.org ',
             'test@example.com\\n',
         ],
         'validator.js': [
             'Some Name < foo@bar.co.uk >', '    <jh@gmail.com>',
         ],
     }),
    ("The root's dot, or a full stop behind the address: it goes, and it is told",
     r"^ok\t[^\t]*\t[^\t]*\ttrailing dot",
     {
         'isemail': [
             'test@iana.org.', 'gatsby@f.sc.ot.t.f.i.tzg.era.l.d.', 'a@bar.com.',
         ],
         'validator.js': [
             'foo@bar.com.', 'foo@bar.co.uk.', 'Some Name <foo@bar.com.>', 'Some Name <foo@bar.co.uk.>',
         ],
         'flanker': [
             'gatsby@f.sc.ot.t.f.i.tzg.era.l.d.', 'a@bar.com.',
         ],
     }),
    ('Full-width letters are plain ones to IDNA (ADR-5), and it is told',
     r"^ok\t[^\t]*\t[^\t]*\tfull-width",
     {
         'validator.js': [
             'somename@\\uff47\\uff4d\\uff41\\uff49\\uff4c.com',
         ],
     }),
    ('The display name is carried, not judged: quotes, brackets or nothing in it do no harm',
     r"^ok\t.*\t-\t",
     {
         'validator.js': [
             '<displayNameInBrackets><jh@gmail.com>', '\\\\"quotes\\\\"<jh@gmail.com>', '""quotes""<jh@gmail.com>',
             'name;<jh@gmail.com>', '"    "<jh@gmail.com>',
         ],
     }),
    ('Letters outside of ASCII are valid, in domains by IDNA, in local parts by RFC 6532 (ADR-6)',
     r"^ok\t.*\t-\t",
     {
         'isemail': [
             '"test\\\\\\xa9"@iana.org',
         ],
         'validator.js': [
             'Some Name<emoji_in_address\\U0001f348@aftership.com>',
         ],
         'egulias': [
             'examp\\u2551le@symfony.com', 'example@sym\\u0192ony.com',
         ],
     }),
    ('Whether a top-level domain exists is asked of the DNS (ADR-7)',
     r"^ok",
     {
         'validator.js': [
             'z@co.c',
         ],
     }),
    ('The collection lists a piece of its own source code',
     r"^ok",
     {
         'egulias': [
             'chr@iana.org', 'test@chr.org',
         ],
     }),
]

DOMAINS = {
    "IdnaTestV2-Unicode16.txt": {
        'A single label is no domain that mail is sent to from outside (ADR-2)':
            "156 158-165 183-186 200-203 207-208 222-228 243-254 263-266 323-324 346-347 351-360 367-371 449-450 "
            "462-465 469-472 481-484 491-494 496-497 501-502 507-522 524-525 528-529 532-533 553 556-571 "
            "2029-2030 2378-2379 3113-3115 3376 5078-5080 5385 5640-5643 6056-6057",
        "The root's dot at the end is taken off (VerifyDnsLength would refuse it)":
            "277 362 377-381 577-578 667-672 4900-4903 4912",
        'Symbols, which IDNA2008 disallows (NV8 in its mapping table)':
            "624-628 893-897 1314-1329 1569-1582 1994-2000 2008-2010 2412-2414 2554-2558 3193-3196 3291-3297 "
            "3497-3514 3894-3898 4114-4117 4225-4244 4412-4413 5024-5030 5481-5485 5576-5577 5582-5599",
        'Invisible characters inside, which UTS #46 drops and a person should see':
            "925-929 934-936 2353 3169-3170",
        'Georgian capitals, which libidn2 does not map':
            "932 938 3539 3541 3543 4055 4057 4062 4648 4747 6191 6193 6195 6198-6199",
        'Compatibility characters that are no letters or digits: libidn2 maps them, we would rather have them typed':
            "2011 2325 2336-2338",
        'A capital that libidn2 does not map (Cyrillic palochka)':
            "2930-2933",
    },
    "IdnaTestV2.txt": {
        'A single label is no domain that mail is sent to from outside (ADR-2)':
            "156 158-165 183-186 200-203 207-208 222-228 243-254 263-266 323-324 346-347 351-360 367-371 449-450 "
            "462-465 469-472 481-484 491-494 496-497 501-502 507-522 524-525 528-529 532-533 553 556-571 "
            "2029-2030 2378-2379 3113-3115 3376 5080-5082 5387 5642-5645 6058-6059",
        "The root's dot at the end is taken off (VerifyDnsLength would refuse it)":
            "277 362 377-381 577-578 667-672 4902-4905 4914",
        'Symbols, which IDNA2008 disallows (NV8 in its mapping table)':
            "624-628 893-897 1314-1329 1569-1582 1994-2000 2008-2010 2412-2414 2554-2558 3193-3196 3291-3297 "
            "3497-3514 3894-3898 4114-4117 4225-4244 4414-4415 5026-5032 5483-5487 5578-5579 5584-5601",
        'Invisible characters inside, which UTS #46 drops and a person should see':
            "925-929 934-936 2353 3169-3170",
        'Georgian capitals, which libidn2 does not map':
            "932 938 3539 3541 3543 4055 4057 4062 4650 4749 6193 6195 6197 6200-6201",
        'Compatibility characters that are no letters or digits: libidn2 maps them, we would rather have them typed':
            "2011 2325 2336-2338",
        'A capital that libidn2 does not map (Cyrillic palochka)':
            "2930-2933",
        'Newer than the Unicode of libidn2 and libunistring':
            "4405-4407",
    },
}
