// With a database: run where MONGO_HOST or MONGO_URL names one, else skipped.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { MongoClient } from "mongodb";
import { makeApp } from "../lib/app.js";
import { Database } from "../lib/database.js";
import { readSettings } from "../lib/settings.js";

const skip = process.env.MONGO_HOST || process.env.MONGO_URL ? false : "no database is named";
const settings = { ...readSettings(process.env), databaseName: `test-${process.pid}` };
const database = new Database(settings);
const users = new MongoClient(settings.mongoUrl);
let server, address;

before(async () => {
  server = makeApp(database, settings).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  address = `http://127.0.0.1:${server.address().port}`;
});
after(async () => {
  server.close();
  server.closeAllConnections();
  if (!skip) await users.db(settings.databaseName).dropDatabase();
  await users.close();
  await database.close();
});

const get = async () => (await fetch(`${address}/get-profile`)).json();
const save = (fields) =>
  fetch(`${address}/update-profile`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(fields),
  });

test("a profile is saved once and then changed, and another driver sees it", { skip }, async () => {
  assert.equal((await get()).saved, false);
  const first = { name: "Ana", email: "ana@example.org", interests: "maps" };
  assert.deepEqual(await (await save(first)).json(), { ...first, saved: true });
  await save({ interests: "maps, boats" });
  assert.deepEqual(await get(), { ...first, interests: "maps, boats", saved: true });
  const stored = await users.db(settings.databaseName).collection("users").find().toArray();
  assert.equal(stored.length, 1);
  assert.equal(stored[0].userid, 1);
});

test("letters of every script and markup come back as they were", { skip }, async () => {
  const odd = { name: "Zoë 山田 🐳", interests: "<script>alert(1)</script> $set" };
  await save(odd);
  const { name, interests } = await get();
  assert.deepEqual({ name, interests }, odd);
});

test("health is ok", { skip }, async () => {
  const answer = await fetch(`${address}/health`);
  assert.deepEqual([answer.status, (await answer.json()).database], [200, "connected"]);
});

test(
  "a wrong password is told as such",
  { skip: skip || !process.env.MONGO_USERNAME },
  async () => {
    const wrong = new Database(readSettings({ ...process.env, MONGO_PASSWORD: "wrong" }));
    await assert.rejects(wrong.check(), /refuses this username and password/);
    await wrong.close();
  },
);
