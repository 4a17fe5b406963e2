// Draws a map tile by tile, then shows it. TOGETHER tiles (default: all) are drawn before any is put away.
const http = require('node:http');
const v8 = require('node:v8');

const tiles = Number(process.env.TILES);
const together = Number(process.env.TOGETHER || tiles);
let sheet = [];
let drawn = 0;

for (let tile = 1; tile <= tiles; tile++) {
  sheet.push(Array.from({ length: 60000 }, (_, x) => ({ x, tile })));
  drawn += 1;
  console.log(`tile ${tile} drawn, contour ${Math.floor(Math.random() * 90000) + 10000}`);
  if (sheet.length === together) sheet = [];
}

http.createServer((request, response) => {
  console.log('asked for', request.url);
  const limit = Math.round(v8.getHeapStatistics().heap_size_limit / 2 ** 20);
  response.end(request.url === '/limit' ? `${limit}\n` : `a map of ${drawn} tiles\n`);
}).listen(8000, () => console.log('the map is ready'));
