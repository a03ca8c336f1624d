// Reads messages, one JSON object { message, keys: { NAME: RECORD } } a line, and prints for each line what mailauth makes of
// its DKIM signatures: ["pass", "fail", ...], topmost first. Asks no resolver: the keys are all there is.
const { dkimVerify } = require('mailauth/lib/dkim/verify');
const readline = require('node:readline');

function resolver(keys) {
	return async name => {
		if (keys[name])
			return [[keys[name]]];
		throw Object.assign(new Error(`no key at ${name}`), { code: 'ENOTFOUND' });
	};
}

async function main() {
	for await (const line of readline.createInterface({ input: process.stdin, crlfDelay: Infinity })) {
		const { message, keys } = JSON.parse(line);
		const { results } = await dkimVerify(Buffer.from(message, 'utf8'), { resolver: resolver(keys), curTime: new Date(1795408500000) });
		console.log(JSON.stringify(results.map(r => r.status.result)));
	}
}

main();
