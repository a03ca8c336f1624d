// Loads HTML with scripts on and tells what it did, and what of it is not on the list of what messages may hold.
//
//   node handmade.mjs PLAN.json
//
// PLAN: { allow: { ELEMENT: [ATTRIBUTE] }, styles: [PROPERTY], pages: [{ name, html }], shots?: FOLDER }. Each page is parsed as a part of a document,
// in the place where a message would have it, and then written out by the browser and parsed once more: what changes its
// meaning on the way (mXSS) shows there. Prints one JSON object a line: { name, faults }.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
	'--disable-component-update', '--disable-sync', '--disable-dev-shm-usage'];
const PLACE = ['<!doctype html><html lang="en"><head><meta charset="utf-8"><title>message</title></head><body>' +
	'<table role="presentation"><tr><td id="place">', '</td></tr></table><p id="behind">behind</p></body></html>'];

// In the page: every element and attribute below the place that is not allowed, and what is left of the place itself.
function walk({ allow, styles }) {
	const place = document.getElementById('place'), behind = document.getElementById('behind'), out = [];
	if (!place || !behind || place.contains(behind) || behind.textContent !== 'behind')
		return ['it broke out of its place'];
	for (const e of place.querySelectorAll('*')) {
		const name = e.localName;
		if (e.namespaceURI !== 'http://www.w3.org/1999/xhtml' || !Object.hasOwn(allow, name)) {
			out.push(`element ${name}`);
			continue;
		}
		for (const a of e.attributes)
			if (!allow[name].includes(a.name))
				out.push(`attribute ${name} ${a.name}`);
		for (let i = 0; i < e.style.length; i++)
			if (!styles.some(s => e.style[i] === s || e.style[i].startsWith(s + '-')) || /url\(|var\(|expression/i.test(e.getAttribute('style')))
				out.push(`style ${e.style[i]}`);
		if (e.hasAttribute('href') && !['https:', 'mailto:'].includes(e.protocol))
			out.push(`link to ${e.getAttribute('href')}`);
		if (getComputedStyle(e).position !== 'static')
			out.push(`${name} is ${getComputedStyle(e).position}`);
	}
	if (document.body.children.length !== 2)
		out.push('something stands beside its place');
	return out;
}

async function look(page, seen, plan, target) {
	const faults = new Set();
	for (const place of [PLACE, [PLACE[0] + '<div><p>', PLACE[1]]]) {
		seen.length = 0;
		await page.setContent(place[0] + target.html + place[1], { waitUntil: 'load' });
		(await page.evaluate(walk, plan)).forEach(f => faults.add(f));
		const once = await page.evaluate(() => document.getElementById('place')?.innerHTML ?? '');
		await page.evaluate(() => { const p = document.getElementById('place'); if (p) p.innerHTML = p.innerHTML; });
		(await page.evaluate(walk, plan)).forEach(f => faults.add(`again: ${f}`));
		const twice = await page.evaluate(() => document.getElementById('place')?.innerHTML ?? '');
		if (once !== twice)
			faults.add('it is not the same when it is parsed once more');
		await page.waitForTimeout(2);
		seen.forEach(f => faults.add(f));
	}
	return [...faults];
}

const plan = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const scratch = mkdtempSync(join(tmpdir(), 'placet-chromium-'));
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', headless: true,
	chromiumSandbox: false, args: FLAGS, env: { ...process.env, HOME: scratch, XDG_CONFIG_HOME: scratch, XDG_CACHE_HOME: scratch } });
const context = await browser.newContext({ viewport: { width: 700, height: 900 } });
const page = await context.newPage();
const seen = [];
await page.exposeFunction('tellFault', what => seen.push(what));
await page.addInitScript(() => {
	for (const name of ['alert', 'confirm', 'prompt', 'print', 'open', 'hit'])
		window[name] = () => window.tellFault(`script: ${name}()`);
	addEventListener('error', e => e instanceof ErrorEvent && window.tellFault(`script: ${e.message}`));
	addEventListener('securitypolicyviolation', () => window.tellFault('policy'));
});
page.on('dialog', d => { seen.push('dialog'); d.dismiss(); });
page.on('request', r => seen.push(`request: ${r.url().slice(0, 80)}`));
page.on('framenavigated', f => f.url() !== 'about:blank' && seen.push(`navigation: ${f.url().slice(0, 80)}`));
page.on('popup', () => seen.push('popup'));
await page.route('**/*', route => route.abort());
for (const target of plan.pages) {
	const faults = await look(page, seen, plan, target);
	if (plan.shots)
		await page.screenshot({ path: join(plan.shots, `${target.name}.png`), fullPage: true });
	console.log(JSON.stringify({ name: target.name, faults }));
}
await browser.close();
rmSync(scratch, { recursive: true, force: true });
