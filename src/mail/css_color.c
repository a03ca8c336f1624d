/*
 * Colours: how they are written in CSS, and whether text in one can be told from another behind it
 * (the contrast of WCAG). A name or a notation that is not here is "not understood".
 */
#include <ctype.h>
#include <math.h>
#include <strings.h>

#include "mail/css.h"

static const struct {
	const char *name;
	uint32_t rgb;
} NAMES[] = {
	{ "aliceblue", 0xf0f8ff }, { "antiquewhite", 0xfaebd7 }, { "aqua", 0x00ffff }, { "aquamarine", 0x7fffd4 },
	{ "azure", 0xf0ffff }, { "beige", 0xf5f5dc }, { "bisque", 0xffe4c4 }, { "black", 0x000000 },
	{ "blanchedalmond", 0xffebcd }, { "blue", 0x0000ff }, { "blueviolet", 0x8a2be2 }, { "brown", 0xa52a2a },
	{ "burlywood", 0xdeb887 }, { "cadetblue", 0x5f9ea0 }, { "chartreuse", 0x7fff00 }, { "chocolate", 0xd2691e },
	{ "coral", 0xff7f50 }, { "cornflowerblue", 0x6495ed }, { "cornsilk", 0xfff8dc }, { "crimson", 0xdc143c },
	{ "cyan", 0x00ffff }, { "darkblue", 0x00008b }, { "darkcyan", 0x008b8b }, { "darkgoldenrod", 0xb8860b },
	{ "darkgray", 0xa9a9a9 }, { "darkgreen", 0x006400 }, { "darkgrey", 0xa9a9a9 }, { "darkkhaki", 0xbdb76b },
	{ "darkmagenta", 0x8b008b }, { "darkolivegreen", 0x556b2f }, { "darkorange", 0xff8c00 },
	{ "darkorchid", 0x9932cc }, { "darkred", 0x8b0000 }, { "darksalmon", 0xe9967a },
	{ "darkseagreen", 0x8fbc8f }, { "darkslateblue", 0x483d8b }, { "darkslategray", 0x2f4f4f },
	{ "darkslategrey", 0x2f4f4f }, { "darkturquoise", 0x00ced1 }, { "darkviolet", 0x9400d3 },
	{ "deeppink", 0xff1493 }, { "deepskyblue", 0x00bfff }, { "dimgray", 0x696969 }, { "dimgrey", 0x696969 },
	{ "dodgerblue", 0x1e90ff }, { "firebrick", 0xb22222 }, { "floralwhite", 0xfffaf0 },
	{ "forestgreen", 0x228b22 }, { "fuchsia", 0xff00ff }, { "gainsboro", 0xdcdcdc }, { "ghostwhite", 0xf8f8ff },
	{ "gold", 0xffd700 }, { "goldenrod", 0xdaa520 }, { "gray", 0x808080 }, { "green", 0x008000 },
	{ "greenyellow", 0xadff2f }, { "grey", 0x808080 }, { "honeydew", 0xf0fff0 }, { "hotpink", 0xff69b4 },
	{ "indianred", 0xcd5c5c }, { "indigo", 0x4b0082 }, { "ivory", 0xfffff0 }, { "khaki", 0xf0e68c },
	{ "lavender", 0xe6e6fa }, { "lavenderblush", 0xfff0f5 }, { "lawngreen", 0x7cfc00 },
	{ "lemonchiffon", 0xfffacd }, { "lightblue", 0xadd8e6 }, { "lightcoral", 0xf08080 },
	{ "lightcyan", 0xe0ffff }, { "lightgoldenrodyellow", 0xfafad2 }, { "lightgray", 0xd3d3d3 },
	{ "lightgreen", 0x90ee90 }, { "lightgrey", 0xd3d3d3 }, { "lightpink", 0xffb6c1 },
	{ "lightsalmon", 0xffa07a }, { "lightseagreen", 0x20b2aa }, { "lightskyblue", 0x87cefa },
	{ "lightslategray", 0x778899 }, { "lightslategrey", 0x778899 }, { "lightsteelblue", 0xb0c4de },
	{ "lightyellow", 0xffffe0 }, { "lime", 0x00ff00 }, { "limegreen", 0x32cd32 }, { "linen", 0xfaf0e6 },
	{ "magenta", 0xff00ff }, { "maroon", 0x800000 }, { "mediumaquamarine", 0x66cdaa },
	{ "mediumblue", 0x0000cd }, { "mediumorchid", 0xba55d3 }, { "mediumpurple", 0x9370db },
	{ "mediumseagreen", 0x3cb371 }, { "mediumslateblue", 0x7b68ee }, { "mediumspringgreen", 0x00fa9a },
	{ "mediumturquoise", 0x48d1cc }, { "mediumvioletred", 0xc71585 }, { "midnightblue", 0x191970 },
	{ "mintcream", 0xf5fffa }, { "mistyrose", 0xffe4e1 }, { "moccasin", 0xffe4b5 }, { "navajowhite", 0xffdead },
	{ "navy", 0x000080 }, { "oldlace", 0xfdf5e6 }, { "olive", 0x808000 }, { "olivedrab", 0x6b8e23 },
	{ "orange", 0xffa500 }, { "orangered", 0xff4500 }, { "orchid", 0xda70d6 }, { "palegoldenrod", 0xeee8aa },
	{ "palegreen", 0x98fb98 }, { "paleturquoise", 0xafeeee }, { "palevioletred", 0xdb7093 },
	{ "papayawhip", 0xffefd5 }, { "peachpuff", 0xffdab9 }, { "peru", 0xcd853f }, { "pink", 0xffc0cb },
	{ "plum", 0xdda0dd }, { "powderblue", 0xb0e0e6 }, { "purple", 0x800080 }, { "rebeccapurple", 0x663399 },
	{ "red", 0xff0000 }, { "rosybrown", 0xbc8f8f }, { "royalblue", 0x4169e1 }, { "saddlebrown", 0x8b4513 },
	{ "salmon", 0xfa8072 }, { "sandybrown", 0xf4a460 }, { "seagreen", 0x2e8b57 }, { "seashell", 0xfff5ee },
	{ "sienna", 0xa0522d }, { "silver", 0xc0c0c0 }, { "skyblue", 0x87ceeb }, { "slateblue", 0x6a5acd },
	{ "slategray", 0x708090 }, { "slategrey", 0x708090 }, { "snow", 0xfffafa }, { "springgreen", 0x00ff7f },
	{ "steelblue", 0x4682b4 }, { "tan", 0xd2b48c }, { "teal", 0x008080 }, { "thistle", 0xd8bfd8 },
	{ "tomato", 0xff6347 }, { "turquoise", 0x40e0d0 }, { "violet", 0xee82ee }, { "wheat", 0xf5deb3 },
	{ "white", 0xffffff }, { "whitesmoke", 0xf5f5f5 }, { "yellow", 0xffff00 }, { "yellowgreen", 0x9acd32 },
};

static bool hex_color(const char *s, uint32_t *rgb, double *alpha)
{
	size_t n = strlen(s);
	unsigned digit[8];

	if (n != 3 && n != 4 && n != 6 && n != 8)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!isxdigit((unsigned char)s[i]))
			return false;
		digit[i] = (unsigned)(isdigit((unsigned char)s[i]) ? s[i] - '0' : tolower(s[i]) - 'a' + 10);
	}
	*alpha = n == 4 ? digit[3] / 15.0 : n == 8 ? (digit[6] * 16 + digit[7]) / 255.0 : 1;
	if (n < 6)
		*rgb = digit[0] * 0x110000u + digit[1] * 0x1100u + digit[2] * 0x11u;
	else
		*rgb = digit[0] << 20 | digit[1] << 16 | digit[2] << 12 | digit[3] << 8 | digit[4] << 4 | digit[5];
	return true;
}

/* One number of a function: "12", "50%", "210deg". False: none. */
static bool channel(const char **s, double full, double *out, bool *percent)
{
	const char *p = *s;
	char plain[16];
	size_t n = strspn(p, "+-.0123456789");

	if (!n || n >= sizeof(plain))
		return false;
	memcpy(plain, p, n);
	plain[n] = '\0';
	if (!css_number(plain, out))
		return false;
	p += n;
	*percent = *p == '%';
	if (*percent) {
		*out = *out * full / 100;
		p++;
	} else if (full == 360 && strncmp(p, "deg", 3) == 0) {
		p += 3;
	}
	*s = p;
	return true;
}

/* What stands between two numbers: a comma in the old notation, a blank in the new one. */
static bool between(const char **s, bool commas, char mark)
{
	const char *p = *s + strspn(*s, " ");
	bool blank = p > *s;

	if (commas)
		mark = ',';
	if (mark != ' ') {
		if (*p != mark)
			return false;
		p++;
		p += strspn(p, " ");
	} else if (!blank) {
		return false;
	}
	*s = p;
	return true;
}

/* The three or four numbers of "rgb(1, 2, 3)", "rgba(1 2 3 / 50%)"; all of one kind, one notation, in range. */
static bool numbers(const char *s, const double full[3], double c[3], double *alpha)
{
	bool commas = memchr(s, ',', strlen(s)), percent[4];

	s += strspn(s, " ");
	for (int i = 0; i < 3; i++)
		if ((i && !between(&s, commas, ' ')) || !channel(&s, full[i], &c[i], &percent[i]))
			return false;
	*alpha = 1;
	if (s[strspn(s, " ")] != ')' && (!between(&s, commas, '/') || !channel(&s, 1, alpha, &percent[3])))
		return false;
	for (int i = 0; i < 3; i++)
		c[i] = fmin(fmax(c[i], 0), full[i]);
	*alpha = fmin(fmax(*alpha, 0), 1);
	s += strspn(s, " ");
	/* Hue goes without "%", saturation and lightness with it; red, green and blue all one way. */
	return strcmp(s, ")") == 0 && (full[0] == 360 ? !percent[0] && percent[1] && percent[2]
						       : percent[0] == percent[1] && percent[1] == percent[2]);
}

static bool rgb_color(const char *s, uint32_t *rgb, double *alpha)
{
	double c[3];

	if (!numbers(s, (const double[]){ 255, 255, 255 }, c, alpha))
		return false;
	*rgb = (uint32_t)lround(c[0]) << 16 | (uint32_t)lround(c[1]) << 8 | (uint32_t)lround(c[2]);
	return true;
}

static bool hsl_color(const char *s, uint32_t *rgb, double *alpha)
{
	double c[3], reach;

	if (!numbers(s, (const double[]){ 360, 1, 1 }, c, alpha))
		return false;
	reach = c[1] * fmin(c[2], 1 - c[2]);
	*rgb = 0;
	for (int i = 0; i < 3; i++) {
		double k = fmod((i == 0 ? 0 : i == 1 ? 8 : 4) + c[0] / 30, 12);
		double v = c[2] - reach * fmax(-1, fmin(fmin(k - 3, 9 - k), 1));

		*rgb = *rgb << 8 | (uint32_t)lround(v * 255);
	}
	return true;
}

bool css_color(const char *text, uint32_t *rgb, double *alpha)
{
	if (text[0] == '#')
		return hex_color(text + 1, rgb, alpha);
	if (strncmp(text, "rgb(", 4) == 0)
		return rgb_color(text + 4, rgb, alpha);
	if (strncmp(text, "rgba(", 5) == 0)
		return rgb_color(text + 5, rgb, alpha);
	if (strncmp(text, "hsl(", 4) == 0)
		return hsl_color(text + 4, rgb, alpha);
	if (strncmp(text, "hsla(", 5) == 0)
		return hsl_color(text + 5, rgb, alpha);
	*alpha = strcmp(text, "transparent") == 0 ? 0 : 1;
	*rgb = 0;
	if (*alpha < 1)
		return true;
	for (size_t i = 0; i < COUNT(NAMES); i++)
		if (strcasecmp(NAMES[i].name, text) == 0) {
			*rgb = NAMES[i].rgb;
			return true;
		}
	return false;
}

static double linear(uint32_t channel_value)
{
	double c = (channel_value & 255) / 255.0;

	return c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
}

static double luminance(uint32_t rgb)
{
	return 0.2126 * linear(rgb >> 16) + 0.7152 * linear(rgb >> 8) + 0.0722 * linear(rgb);
}

double css_contrast(uint32_t a, uint32_t b)
{
	double x = luminance(a), y = luminance(b);

	return (fmax(x, y) + 0.05) / (fmin(x, y) + 0.05);
}

uint32_t css_blend(uint32_t top, uint32_t under, double alpha)
{
	uint32_t out = 0;

	for (int shift = 0; shift < 24; shift += 8) {
		double t = top >> shift & 255, u = under >> shift & 255;

		out |= (uint32_t)lround(t * alpha + u * (1 - alpha)) << shift;
	}
	return out;
}
