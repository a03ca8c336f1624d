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
	{ "black", 0x000000 }, { "white", 0xffffff }, { "red", 0xff0000 }, { "green", 0x008000 },
	{ "blue", 0x0000ff }, { "yellow", 0xffff00 }, { "navy", 0x000080 }, { "maroon", 0x800000 },
	{ "gray", 0x808080 }, { "grey", 0x808080 }, { "silver", 0xc0c0c0 }, { "purple", 0x800080 },
	{ "teal", 0x008080 }, { "olive", 0x808000 }, { "lime", 0x00ff00 }, { "aqua", 0x00ffff },
	{ "cyan", 0x00ffff }, { "fuchsia", 0xff00ff }, { "magenta", 0xff00ff }, { "orange", 0xffa500 },
	{ "darkblue", 0x00008b }, { "darkred", 0x8b0000 }, { "darkgreen", 0x006400 }, { "dimgray", 0x696969 },
	{ "dimgrey", 0x696969 }, { "darkgray", 0xa9a9a9 }, { "darkgrey", 0xa9a9a9 }, { "lightgray", 0xd3d3d3 },
	{ "lightgrey", 0xd3d3d3 }, { "whitesmoke", 0xf5f5f5 }, { "gainsboro", 0xdcdcdc }, { "snow", 0xfffafa },
	{ "ivory", 0xfffff0 }, { "brown", 0xa52a2a }, { "indigo", 0x4b0082 }, { "crimson", 0xdc143c },
	{ "midnightblue", 0x191970 }, { "slategray", 0x708090 }, { "steelblue", 0x4682b4 },
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

static bool channel(const char **s, double full, double *out)
{
	char *end;

	while (**s == ' ' || **s == ',' || **s == '/')
		(*s)++;
	if (strspn(*s, "+-.0123456789") == 0)
		return false;
	*out = strtod(*s, &end);
	if (end == *s || !isfinite(*out))
		return false;
	if (*end == '%') {
		*out = *out * full / 100;
		end++;
	}
	*out = fmin(fmax(*out, 0), full);
	*s = end;
	return true;
}

/* "rgb(1, 2, 3)", "rgba(1, 2, 3, 0.5)", "rgb(1 2 3 / 50%)" */
static bool rgb_color(const char *s, uint32_t *rgb, double *alpha)
{
	double c[3];

	for (int i = 0; i < 3; i++)
		if (!channel(&s, 255, &c[i]))
			return false;
	*alpha = 1;
	while (*s == ' ')
		s++;
	if (*s != ')' && !channel(&s, 1, alpha))
		return false;
	while (*s == ' ')
		s++;
	*rgb = (uint32_t)lround(c[0]) << 16 | (uint32_t)lround(c[1]) << 8 | (uint32_t)lround(c[2]);
	return strcmp(s, ")") == 0;
}

bool css_color(const char *text, uint32_t *rgb, double *alpha)
{
	if (text[0] == '#')
		return hex_color(text + 1, rgb, alpha);
	if (strncmp(text, "rgb(", 4) == 0)
		return rgb_color(text + 4, rgb, alpha);
	if (strncmp(text, "rgba(", 5) == 0)
		return rgb_color(text + 5, rgb, alpha);
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
