// Starts the app, and ends it in good order. What it answers is in lib/app.js.
import { makeApp } from "./lib/app.js";
import { Database } from "./lib/database.js";
import { readSettings } from "./lib/settings.js";

const GRACE_MS = 5000; // Docker waits 10 s before it kills

let settings, database;
try {
  settings = readSettings(process.env);
  database = new Database(settings);
} catch (error) {
  console.error(`profile: ${error.message}`);
  process.exit(1);
}

const server = makeApp(database, settings).listen(settings.port, (error) => {
  if (error) {
    console.error(`profile: can't listen on port ${settings.port}: ${error.code}`);
    process.exit(1);
  }
  console.log(`profile ${settings.version} listens on port ${server.address().port}`);
});

// One try at the start, for the log only: without a database the page works, and each use tries again.
database
  .check()
  .then(() => console.log(`database at ${database.address}: connected`))
  .catch((error) => console.error(`${error.message}; each use tries again`));

let ending = false;
function end(signal) {
  if (ending) process.exit(1); // asked twice: no more patience
  ending = true;
  console.log(`${signal}: finishing what is open, then ending`);
  setTimeout(() => process.exit(1), GRACE_MS).unref();
  server.close(async () => {
    await database.close();
    console.log("ended");
    process.exit(0);
  });
}

// As process 1 of a container Node.js gets no default reaction to signals: without these lines it ignores them.
process.on("SIGTERM", end);
process.on("SIGINT", end);
