// Looks at pages in Chromium the way people meet them: light, dark, and on a phone of 320 px.
//
//   node pages.mjs PLAN.json
//
// PLAN: { shots: FOLDER, pages: [{ name, url, cookies?, status?, views? }], walks: [{ name, url, fill?, upload?, tick?, wait?, button?, expect }] }. A
// page is loaded with its scripts off and judged by axe (WCAG 2.2 A and AA) and a few rules of our own: no error on the
// console, nothing loaded from elsewhere, no cookie, nothing to scroll sideways. `status` is the error that a page is to
// answer with, `views` are those wanted instead of the usual three. A walk opens a page without JavaScript, types what `fill` says ({ LABEL: TEXT }), chooses the files of `upload` ({ LABEL: PATH }), ticks the boxes of `tick`
// ([LABEL]), waits so many seconds, presses its button and looks for the text that must follow. Prints one JSON object a line: { name, check, ok, why }.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
	'--disable-component-update', '--disable-sync', '--disable-dev-shm-usage'];
const VIEWS = {
	light: { colorScheme: 'light', viewport: { width: 1280, height: 900 } },
	dark: { colorScheme: 'dark', viewport: { width: 1280, height: 900 } },
	phone: { colorScheme: 'light', viewport: { width: 320, height: 640 } },
	zoom: { colorScheme: 'light', viewport: { width: 640, height: 450 }, deviceScaleFactor: 2 }, // 200 % of 1280
	print: { colorScheme: 'light', viewport: { width: 794, height: 1123 } }, // A4
};
const USUAL = ['light', 'dark', 'phone'];
const NARROW = ['phone', 'zoom', 'print'];
const SECONDS = 30;

function tell(name, check, faults) {
	console.log(JSON.stringify({ name, check, ok: faults.length === 0, why: faults.join('\n') }));
}

// What goes wrong while a page loads, gathered from the browser's events.
function watch(page, url, status) {
	const seen = { console: [], elsewhere: [], cookies: [] };
	const home = new URL(url).origin;
	// The browser notes each error that a server answers with; the one that is asked for is none.
	const awaited = m => status && m.location().url === url;
	page.on('console', m => m.type() === 'error' && !awaited(m) && seen.console.push(m.text()));
	page.on('pageerror', e => seen.console.push(String(e)));
	page.on('requestfailed', r => seen.console.push(`${r.url()}: ${r.failure()?.errorText}`));
	page.on('request', r => {
		const u = new URL(r.url());
		if (u.protocol !== 'data:' && u.protocol !== 'blob:' && u.origin !== home)
			seen.elsewhere.push(r.url());
	});
	page.on('response', async r => {
		const set = await r.headerValue('set-cookie').catch(() => null);
		if (set)
			seen.cookies.push(`${r.url()} sets ${set.split(';')[0]}`);
	});
	return seen;
}

// Scripts are off while a page loads and is used, and come on for axe only, which waits for timers. The debugger puts it
// in, so that the page's CSP is in force and need not allow it.
async function scripts(page, on) {
	const debug = await page.context().newCDPSession(page);
	await debug.send('Emulation.setScriptExecutionDisabled', { value: !on });
	await debug.detach();
}

async function axeFaults(page) {
	await scripts(page, true);
	await page.evaluate(AXE);
	const found = await page.evaluate(tags => axe.run(document, { runOnly: { type: 'tag', values: tags } }), TAGS);
	return found.violations.flatMap(v => v.nodes.map(n => `${v.id}: ${v.help}: ${n.target.join(' ')}: ${n.failureSummary}`));
}

// How far the page goes beyond the window, and which elements do.
function sideways(page) {
	return page.evaluate(() => {
		const wide = document.documentElement.clientWidth;
		if (document.documentElement.scrollWidth <= wide)
			return [];
		const out = [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > wide + 1);
		return [`the page is ${document.documentElement.scrollWidth} px wide in a window of ${wide}: ` +
			out.slice(0, 5).map(e => e.tagName.toLowerCase() + (e.className ? '.' + e.className : '')).join(', ')];
	});
}

async function shot(page, plan, name) {
	if (plan.shots)
		await page.screenshot({ path: join(plan.shots, `${name}.png`), fullPage: true });
}

// Playwright bounds navigation and clicks, but not evaluate().
function bounded(work) {
	let timer;
	const late = new Promise((_, fail) => {
		timer = setTimeout(() => fail(new Error(`not done within ${SECONDS} s`)), SECONDS * 1000);
	});
	return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

async function inContext(browser, options, work) {
	const context = await browser.newContext(options);
	context.setDefaultTimeout(SECONDS * 1000);
	try {
		const page = await context.newPage();
		await scripts(page, false);
		await bounded(work(page, context));
	} finally {
		await context.close();
	}
}

async function open(page, url, status) {
	const answer = await page.goto(url, { waitUntil: 'load' });
	const good = status ? answer.status() === status : answer.status() < 400;
	return good ? [] : [`${url} answers ${answer.status()}`];
}

async function lookAt(browser, plan, target, view) {
	await inContext(browser, VIEWS[view], async (page, context) => {
		const seen = watch(page, target.url, target.status);
		if (view === 'print')
			await page.emulateMedia({ media: 'print' });
		const opened = await open(page, target.url, target.status);
		tell(target.name, `${view}: opens`, opened);
		await shot(page, plan, `${target.name}-${view}`);
		tell(target.name, `${view}: axe`, await axeFaults(page));
		if (NARROW.includes(view))
			tell(target.name, `${view}: nothing to scroll sideways`, await sideways(page));
		tell(target.name, `${view}: no errors on the console`, seen.console);
		tell(target.name, `${view}: nothing from elsewhere`, seen.elsewhere);
		const kept = (await context.cookies()).map(c => `cookie ${c.name}`);
		tell(target.name, `${view}: no cookies`, target.cookies ? [] : [...seen.cookies, ...kept]);
	});
}

async function walk(browser, plan, step) {
	await inContext(browser, VIEWS.phone, async page => {
		const faults = await open(page, step.url);
		for (const [label, text] of Object.entries(step.fill ?? {}))
			await page.getByLabel(label, { exact: true }).fill(text);
		for (const [label, path] of Object.entries(step.upload ?? {}))
			await page.getByLabel(label, { exact: true }).setInputFiles(path);
		for (const label of step.tick ?? [])
			await page.getByLabel(label, { exact: true }).check();
		await new Promise(done => setTimeout(done, (step.wait ?? 0) * 1000));
		const button = step.button ? page.getByRole('button', { name: step.button }) : page.getByRole('button');
		const count = await button.count();
		if (count !== 1) {
			tell(step.name, 'walk: one button', [...faults, `${count} buttons match`]);
			return;
		}
		await Promise.all([page.waitForNavigation({ waitUntil: 'load' }), button.click()]);
		const text = await page.locator('body').innerText();
		if (!text.includes(step.expect))
			faults.push(`"${step.expect}" is not in: ${text}`);
		tell(step.name, 'walk: the button works without JavaScript', faults);
		await shot(page, plan, `${step.name}-after`);
		tell(step.name, 'walk: axe on what follows', await axeFaults(page));
	});
}

async function guarded(name, check, work) {
	try {
		await work();
	} catch (e) {
		tell(name, check, [String(e)]);
	}
}

const plan = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const executablePath = process.env.CHROMIUM || '/usr/bin/chromium';
const scratch = mkdtempSync(join(tmpdir(), 'pages-'));
const browser = await chromium.launch({ executablePath, headless: true, chromiumSandbox: false, args: FLAGS,
	env: { ...process.env, HOME: scratch, XDG_CONFIG_HOME: scratch, XDG_CACHE_HOME: scratch } });
try {
	for (const target of plan.pages ?? [])
		for (const view of target.views ?? USUAL)
			await guarded(target.name, `${view}: can be looked at`, () => lookAt(browser, plan, target, view));
	for (const step of plan.walks ?? [])
		await guarded(step.name, 'walk: can be gone', () => walk(browser, plan, step));
} finally {
	await browser.close();
	rmSync(scratch, { recursive: true, force: true });
}
