import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { readSettings } from "../lib/settings.js";

test("without an environment it is the database on this host, without a login", () => {
  const { port, mongoUrl, databaseName, version } = readSettings({});
  assert.deepEqual(
    { port, mongoUrl, databaseName, version },
    {
      port: 3000,
      mongoUrl: "mongodb://localhost:27017/",
      databaseName: "user-account",
      version: "1.0.0",
    },
  );
});

test("the parts make one connection string, with odd characters escaped", () => {
  const env = { MONGO_HOST: "mongodb", MONGO_USERNAME: "admin", MONGO_PASSWORD: "p@ss/word" };
  assert.equal(
    readSettings(env).mongoUrl,
    "mongodb://admin:p%40ss%2Fword@mongodb:27017/?authSource=admin",
  );
});

test("a secret may come from a file, without its line's end", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "profile-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "password");
  writeFileSync(file, "from-a-file\n");
  const env = { MONGO_USERNAME: "admin", MONGO_PASSWORD_FILE: file };
  assert.match(readSettings(env).mongoUrl, /admin:from-a-file@/);
  assert.throws(() => readSettings({ ...env, MONGO_PASSWORD: "two" }), /both set/);
  assert.throws(() => readSettings({ MONGO_PASSWORD_FILE: join(folder, "none") }), /ENOENT/);
});

test("what can't be meant is refused in words that hold no password", () => {
  for (const env of [
    { MONGO_PASSWORD: "secret" },
    { MONGO_URL: "http://admin:secret@mongodb" },
    { PORT: "many" },
    { MONGO_PORT: "70000" },
  ]) {
    assert.throws(
      () => readSettings(env),
      (error) => !error.message.includes("secret"),
    );
  }
});
