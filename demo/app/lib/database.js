// The one record, in MongoDB. Errors leave here in words that hold no password.
import { MongoClient, MongoServerError } from "mongodb";

const WAIT_MS = 2000; // for a server that doesn't answer
const UNAUTHORIZED = 13;
const AUTHENTICATION_FAILED = 18;
const ONE_USER = { userid: 1 };

export class DatabaseError extends Error {}

export class Database {
  #options;
  #url;
  #name;
  #connecting; // a promise that all requests share; gone again when it failed

  constructor({ mongoUrl, databaseName, waitMs = WAIT_MS }) {
    this.#options = { serverSelectionTimeoutMS: waitMs, connectTimeoutMS: waitMs };
    this.#url = mongoUrl;
    this.#name = databaseName;
    const { srvHost, hosts } = this.#newClient().options;
    this.address = srvHost ?? hosts.join(",");
  }

  check() {
    return this.#use((database) => database.command({ ping: 1 }));
  }

  readProfile() {
    const without = { projection: { _id: 0, userid: 0 } };
    return this.#use((database) => database.collection("users").findOne(ONE_USER, without));
  }

  writeProfile(fields) {
    const upsert = { upsert: true }; // the first time there is nothing to update
    return this.#use((database) =>
      database.collection("users").updateOne(ONE_USER, { $set: fields }, upsert),
    );
  }

  async close() {
    const client = await this.#connecting?.catch(() => undefined);
    await client?.close();
  }

  async #use(work) {
    try {
      const client = await this.#connect();
      return await work(client.db(this.#name));
    } catch (error) {
      throw new DatabaseError(`database at ${this.address}: ${inWords(error)}`, { cause: error });
    }
  }

  // Once connected, the driver itself comes back after a break. A first try that failed is ours to repeat.
  #connect() {
    this.#connecting ??= this.#newClient()
      .connect()
      .catch((error) => {
        this.#connecting = undefined;
        throw error;
      });
    return this.#connecting;
  }

  #newClient() {
    try {
      return new MongoClient(this.#url, this.#options);
    } catch {
      throw new DatabaseError("MONGO_URL is no connection string"); // the driver's words might quote it
    }
  }
}

function inWords(error) {
  if (error.code === AUTHENTICATION_FAILED) return "it refuses this username and password";
  if (error.code === UNAUTHORIZED) return "it wants a username and password";
  if (error instanceof MongoServerError) return `it says ${error.codeName ?? error.code}`;
  const seen = /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ECONNRESET/.exec(
    error.message,
  );
  return `it does not answer (${seen?.[0] ?? error.name})`;
}
