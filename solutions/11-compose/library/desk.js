// The desk of a small library: `node desk.js` serves books over HTTP, `node desk.js list` prints them once.
// It keeps them on the shelf, which is a Redis: SHELF is its host, HOURS what the sign on the door says.
const { createServer } = require('node:http');
const { connect } = require('node:net');
const { readFileSync } = require('node:fs');

const { SHELF = 'shelf', SHELF_PASSWORD_FILE, HOURS = 'closed' } = process.env;
const password = SHELF_PASSWORD_FILE ? readFileSync(SHELF_PASSWORD_FILE, 'utf8').trim() : process.env.SHELF_PASSWORD;

// One command to Redis, after the password. Its answer comes as text.
function ask(...words) {
  const line = (parts) => `*${parts.length}\r\n${parts.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`).join('')}`;
  return new Promise((resolve, reject) => {
    let said = '';
    const socket = connect(6379, SHELF, () => socket.write(line(['AUTH', password || '']) + line(words) + line(['QUIT'])));
    socket.on('data', (piece) => (said += piece));
    socket.on('error', reject);
    socket.on('close', () => (said.startsWith('-') ? reject(new Error(said.split('\r\n')[0])) : resolve(said)));
  });
}

// Every second line of the answer to LRANGE is a book: the others say how long it is.
const books = async () => (await ask('LRANGE', 'books', '0', '-1')).split('\r\n').slice(2, -2).filter((_, place) => place % 2);

const server = createServer(async (request, response) => {
  let body = '';
  for await (const piece of request) body += piece;
  console.log(request.method, request.url);
  if (request.url === '/hours') response.end(`${HOURS}\n`);
  else if (request.method === 'POST') response.end(`${await ask('RPUSH', 'books', body.trim()).then(() => 'noted')}\n`);
  else response.end(`${(await books()).join('\n')}\n`);
});

process.on('SIGTERM', () => process.exit(0));
ask('PING')
  .then(async () => (process.argv[2] === 'list' ? console.log((await books()).join('\n')) : server.listen(3000)))
  .catch((problem) => {
    console.error(`the shelf gives no books: ${problem.message}`);
    process.exit(1);
  });
