// What programs send mail with today: a nodemailer pool. Messages of one size to different recipients, each rendered by
// nodemailer itself. The tuned form ("now") also turns off Nagle's algorithm, to tell what that costs.
//   node nodemailer_pool.mjs PORT MESSAGES CONNECTIONS BYTES [now]
import net from "node:net";
import nodemailer from "nodemailer";

const [port, messages, connections, bytes] = process.argv.slice(2, 6).map(Number);
const now = process.argv[6] === "now";

function connect(options, done) {
  const socket = net.connect(options.port, options.host, () => done(null, { connection: socket }));
  socket.setNoDelay(true);
  socket.once("error", done);
}

const transport = nodemailer.createTransport({
  pool: true, maxConnections: connections, maxMessages: Infinity, host: "127.0.0.1", port, secure: false, ignoreTLS: true,
  ...(now ? { getSocket: connect } : {}),
});
const line = "Over the past year many households in your town sent us samples of it. \n";
const text = line.repeat(Math.ceil((bytes - 400) / (line.length + 1)));
let started = 0, done = 0;

async function sendSome() {
  while (started < messages) {
    const to = `person${started++}@example.org`;
    await transport.sendMail({ from: "a@uni.example", to, subject: "Four minutes", text, encoding: "7bit" });
    done++;
  }
}

// As its guide says: no more messages at a time than the pool has room for.
await Promise.all(Array.from({ length: 2 * connections }, sendSome));
transport.close();
console.log(`messages ${done}`);
