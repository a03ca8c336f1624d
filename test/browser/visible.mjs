// Says whether a person can see a word in Chromium, in every world in which mail is read.
//
//   node visible.mjs CASES.json
//
// CASES: [HTML]. The word is WORD. For each case one line of JSON: { WORLD: why it is not seen, "" when it is }. Each letter
// must have a place on the page that scrolling the window leads to, ink of its own there that contrasts with what is behind
// it (the pixels with the letter against those without), and nothing else drawn through it; the letters must stand in order.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
	'--disable-component-update', '--disable-sync', '--disable-dev-shm-usage', '--disable-lcd-text', '--force-color-profile=srgb'];
const WORLDS = {
	light: { width: 1200, colorScheme: 'light', media: 'screen' },
	phone: { width: 320, colorScheme: 'light', media: 'screen' },
	dark: { width: 1200, colorScheme: 'dark', media: 'screen' },
	'dark phone': { width: 320, colorScheme: 'dark', media: 'screen' },
	print: { width: 800, colorScheme: 'light', media: 'print' },
};
const HEIGHT = 700;
const WORD = 'WORD';

// Runs in the page: the places of the letters of each WORD, after the window was scrolled to it.
function places(which, word) {
	const nodes = [], walk = document.createTreeWalker(document, NodeFilter.SHOW_TEXT);
	for (let n; (n = walk.nextNode());)
		for (let i = 0; i < n.data.length; i++)
			nodes.push([n, i]);
	const all = nodes.map(([n, i]) => n.data[i]).join('');
	let at = -1;
	for (let k = 0; k <= which; k++)
		if ((at = all.indexOf(word, at + 1)) < 0)
			return null;
	const ranges = nodes.slice(at, at + word.length).map(([n, i]) => {
		const r = new Range();
		r.setStart(n, i);
		r.setEnd(n, i + 1);
		return r;
	});
	const box = ranges[0].getBoundingClientRect();
	window.scrollTo(Math.max(0, box.x + scrollX - 40), Math.max(0, box.y + scrollY - 300));
	CSS.highlights.set('word', new Highlight(...ranges));
	return ranges.map(r => {
		const b = r.getBoundingClientRect();
		return { x: b.x, y: b.y, w: b.width, h: b.height };
	});
}

function show(on) {
	const sheet = new CSSStyleSheet();
	if (!on)
		sheet.replaceSync('::highlight(word){color:transparent!important;-webkit-text-fill-color:transparent!important;text-shadow:none!important}');
	document.adoptedStyleSheets = [sheet];
}

// Runs in another page: looks at two pictures, with and without the word.
async function compare([withWord, without, letters]) {
	const read = async data => {
		const image = await createImageBitmap(await (await fetch('data:image/png;base64,' + data)).blob());
		const c = new OffscreenCanvas(image.width, image.height).getContext('2d');
		c.drawImage(image, 0, 0);
		return c.getImageData(0, 0, image.width, image.height);
	};
	const a = await read(withWord), b = await read(without);
	const light = (d, i) => [0.2126, 0.7152, 0.0722].reduce((sum, k, j) => {
		const c = d[i + j] / 255;
		return sum + k * (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
	}, 0);
	const contrast = (x, y) => (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
	for (const [k, p] of letters.entries()) {
		let most = 1, left = 1e9, right = -1, top = 1e9, bottom = -1, noise = 0, n = 0;
		const middle = light(b.data, 4 * (Math.round(p.y + p.h * 0.5) * b.width + Math.round(p.x + p.w * 0.5)));
		for (let y = Math.ceil(p.y); y < p.y + p.h; y++)
			for (let x = Math.ceil(p.x); x < p.x + p.w; x++) {
				if (x < 0 || y < 0 || x >= a.width || y >= a.height)
					continue;
				const i = 4 * (y * a.width + x), u = light(a.data, i), v = light(b.data, i);
				n++;
				noise += contrast(v, middle) > 1.6;
				if (contrast(u, v) > 1.4) {
					left = Math.min(left, x), right = Math.max(right, x);
					top = Math.min(top, y), bottom = Math.max(bottom, y);
				}
				most = Math.max(most, contrast(u, v));
			}
		if (most < 2)
			return `letter ${k} has no ink of its own (contrast ${most.toFixed(2)})`;
		if (right - left + 1 < p.w * 0.4 || bottom - top + 1 < p.h * 0.4)
			return `letter ${k} is cut off`;
		if (noise > n * 0.3)
			return `letter ${k} has other things drawn through it`;
	}
	return '';
}

// What is wrong with where the letters stand.
function misplaced(letters, width) {
	for (const [k, p] of letters.entries()) {
		if (p.w < 2 || p.h < 6)
			return `letter ${k} is too small: ${p.w.toFixed(1)} x ${p.h.toFixed(1)}`;
		if (p.x < -0.5 || p.y < -0.5 || p.x + p.w > width + 0.5 || p.y + p.h > HEIGHT + 0.5)
			return `letter ${k} is off the page`;
		const before = letters[k - 1];
		if (before && p.x < before.x + before.w * 0.7 && p.y < before.y + before.h * 0.7)
			return `letter ${k} does not stand behind the one before it`;
	}
	return '';
}

async function picture(debug, clip) {
	return (await debug.send('Page.captureScreenshot', { format: 'png', clip: { ...clip, scale: 1 }, captureBeyondViewport: false })).data;
}

async function lookAt(page, debug, lab, which) {
	const letters = await page.evaluate(`(${places})(${which}, '${WORD}')`);
	if (!letters)
		return which ? null : 'no such text';
	const width = page.viewportSize().width;
	let why = misplaced(letters, width);
	if (why)
		return why;
	const x = Math.floor(Math.min(...letters.map(p => p.x))), y = Math.floor(Math.min(...letters.map(p => p.y)));
	const clip = { width: Math.ceil(Math.max(...letters.map(p => p.x + p.w))) - x, height: Math.ceil(Math.max(...letters.map(p => p.y + p.h))) - y };
	const scroll = await page.evaluate('({ x: scrollX, y: scrollY })');
	const place = { x: x + scroll.x, y: y + scroll.y, ...clip };
	await page.evaluate(`(${show})(true)`);
	const withWord = await picture(debug, place);
	await page.evaluate(`(${show})(false)`);
	const without = await picture(debug, place);
	return lab.evaluate(compare, [withWord, without, letters.map(p => ({ ...p, x: p.x - x, y: p.y - y }))]);
}

// The best that any WORD of the page makes of the world.
async function best(page, debug, lab) {
	let first = null;
	for (let which = 0; which < 4; which++) {
		const why = await lookAt(page, debug, lab, which);
		if (why === '' || why === null)
			return why ?? first;
		first ??= why;
	}
	return first;
}

async function judge(page, debug, lab, html) {
	const out = {};
	for (const [name, w] of Object.entries(WORLDS)) {
		await page.setViewportSize({ width: w.width, height: HEIGHT });
		await page.emulateMedia({ media: w.media, colorScheme: w.colorScheme });
		if (name === 'light')
			await page.goto('http://case.test/', { waitUntil: 'load', timeout: 10000 });
		out[name] = await best(page, debug, lab);
	}
	return out;
}

const cases = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const scratch = mkdtempSync(join(tmpdir(), 'visible-'));
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium', headless: true, chromiumSandbox: false,
	args: FLAGS, env: { ...process.env, HOME: scratch, XDG_CONFIG_HOME: scratch, XDG_CACHE_HOME: scratch } });
try {
	const context = await browser.newContext({ serviceWorkers: 'block' });
	const lab = await context.newPage();
	for (const html of cases) {
		const page = await context.newPage();
		const debug = await context.newCDPSession(page);
		await debug.send('Emulation.setScriptExecutionDisabled', { value: true });
		let out;
		await page.route('**/*', route => route.request().url() === 'http://case.test/' ?
			route.fulfill({ contentType: 'text/html; charset=utf-8', body: html }) : route.abort());
		try {
			out = await judge(page, debug, lab, html);
		} catch (e) {
			out = { error: String(e).slice(0, 300) };
		}
		console.log(JSON.stringify(out));
		await page.close();
	}
} finally {
	await browser.close();
	rmSync(scratch, { recursive: true, force: true });
}
