// What the environment says. Nothing here is a secret of its own: names and passwords stay out of the source.
import { readFileSync } from "node:fs";
import { hostname } from "node:os";

const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));

// The value of NAME, or the content of the file that NAME_FILE names: that is how secrets are mounted.
function value(env, name, fallback = "") {
  const file = env[`${name}_FILE`];
  if (!file) return env[name] || fallback;
  if (env[name]) throw new Error(`${name} and ${name}_FILE are both set: choose one`);
  try {
    return readFileSync(file, "utf8").trimEnd();
  } catch (error) {
    throw new Error(`${name}_FILE can't be read: ${error.code}`);
  }
}

function portNumber(env, name, fallback) {
  const text = value(env, name, fallback);
  const number = Number(text);
  if (!/^\d+$/.test(text) || number > 65535) throw new Error(`${name} is no port: ${text}`);
  return number;
}

function mongoUrl(env) {
  const whole = value(env, "MONGO_URL");
  if (whole) {
    if (/^mongodb(\+srv)?:\/\//.test(whole)) return whole;
    throw new Error("MONGO_URL must begin with mongodb:// or mongodb+srv://");
  }
  const host = value(env, "MONGO_HOST", "localhost");
  const port = portNumber(env, "MONGO_PORT", "27017");
  const username = encodeURIComponent(value(env, "MONGO_USERNAME"));
  const password = encodeURIComponent(value(env, "MONGO_PASSWORD"));
  if (!username !== !password) throw new Error("MONGO_USERNAME and MONGO_PASSWORD go together");
  const login = username ? `${username}:${password}@` : "";
  return `mongodb://${login}${host}:${port}/${login ? "?authSource=admin" : ""}`;
}

export function readSettings(env) {
  return {
    port: portNumber(env, "PORT", "3000"),
    mongoUrl: mongoUrl(env),
    databaseName: value(env, "MONGO_DATABASE", "user-account"),
    version: value(env, "APP_VERSION", manifest.version),
    host: hostname(), // in a container: its short id, unless --hostname says otherwise
  };
}
