// The app without a database: it starts, says so, and refuses what it must.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { makeApp } from "../lib/app.js";
import { Database } from "../lib/database.js";

// Nobody listens on port 1.
const settings = {
  mongoUrl: "mongodb://admin:secret@127.0.0.1:1/",
  databaseName: "none",
  waitMs: 200,
  version: "1.2.3",
  host: "here",
};
const database = new Database(settings);
let server, address;

before(async () => {
  server = makeApp(database, settings).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  address = `http://127.0.0.1:${server.address().port}`;
});
after(async () => {
  server.close();
  server.closeAllConnections();
  await database.close();
});

const post = (body, type = "application/json") =>
  fetch(`${address}/update-profile`, { method: "POST", headers: { "Content-Type": type }, body });

test("the page comes with all its parts, and none is from elsewhere", async () => {
  const page = await (await fetch(address)).text();
  const parts = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map((found) => found[1]);
  assert.ok(parts.length >= 4);
  for (const part of parts) {
    assert.match(part, /^\/\w/);
    assert.equal((await fetch(address + part)).status, 200, part);
  }
});

test("each field of the form has a label", async () => {
  const page = await (await fetch(address)).text();
  const fields = [...page.matchAll(/<input id="(\w+)"/g)].map((found) => found[1]);
  assert.deepEqual(fields, ["name", "email", "interests"]);
  for (const field of fields) assert.ok(page.includes(`<label for="${field}">`), field);
});

test("an absent database is told with 503, and without its password", async () => {
  for (const answer of [
    await fetch(`${address}/get-profile`),
    await post('{"name":"Ada"}'),
    await fetch(`${address}/health`),
  ]) {
    const text = await answer.text();
    assert.equal(answer.status, 503);
    assert.match(text, /database at 127\.0\.0\.1:1: it does not answer \(ECONNREFUSED\)/);
    assert.ok(!text.includes("secret"));
  }
});

test("health names the version and the host even then", async () => {
  const { status, version, host } = await (await fetch(`${address}/health`)).json();
  assert.deepEqual(
    { status, version, host },
    { status: "unavailable", version: "1.2.3", host: "here" },
  );
});

test("wrong input is refused before the database is asked", async () => {
  const cases = [
    [400, "{not json"],
    [400, "null"],
    [400, "[]"],
    [400, "{}"],
    [400, '{"name": {"$gt": ""}}'],
    [400, '{"role": "admin"}'],
    [400, '{"__proto__": {"name": "x"}}'],
    [400, '{"name": " "}'],
    [400, '{"email": "nobody"}'],
    [400, JSON.stringify({ name: "x".repeat(101) })],
    [413, JSON.stringify({ interests: "x".repeat(20_000) })],
    [415, "name=Ada", "application/x-www-form-urlencoded"],
    [415, '{"name":"Ada"}', "text/plain"],
  ];
  for (const [status, body, type] of cases) {
    const answer = await post(body, type);
    assert.equal(answer.status, status, body);
    assert.ok((await answer.json()).error, body);
  }
});

test("an address that isn't there is 404, as JSON", async () => {
  const answer = await fetch(`${address}/nothing`);
  assert.equal(answer.status, 404);
  assert.deepEqual(await answer.json(), { error: "there is nothing here" });
});
