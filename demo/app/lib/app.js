// The answers: a page, three addresses, and errors as JSON.
import { fileURLToPath } from "node:url";
import express from "express";
import { DatabaseError } from "./database.js";
import { DEFAULTS, checkFields } from "./profile.js";

const PAGE = fileURLToPath(new URL("../public", import.meta.url));
const LARGEST_BODY = "10kb";
const HEADERS = {
  "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'",
  "X-Content-Type-Options": "nosniff",
};

export function makeApp(database, { version, host }) {
  const app = express();
  app.disable("x-powered-by"); // nobody needs to know
  app.use((request, response, next) => {
    response.set(HEADERS);
    next();
  });
  app.use(express.static(PAGE));

  app.get("/get-profile", async (request, response) => {
    const stored = await database.readProfile();
    response.json({ ...DEFAULTS, ...stored, saved: stored !== null });
  });

  app.post("/update-profile", express.json({ limit: LARGEST_BODY }), async (request, response) => {
    // Only JSON: a form of another site can't send that without asking first.
    if (!request.is("json")) return response.status(415).json({ error: "send application/json" });
    const { fields, problem } = checkFields(request.body);
    if (problem) return response.status(400).json({ error: problem });
    await database.writeProfile(fields);
    console.log(`profile saved: ${Object.keys(fields).join(", ")}`); // names of fields, no content
    const stored = await database.readProfile();
    response.json({ ...DEFAULTS, ...stored, saved: true });
  });

  app.get("/health", async (request, response) => {
    const state = await database.check().then(
      () => "connected",
      (error) => error.message,
    );
    const healthy = state === "connected";
    response
      .status(healthy ? 200 : 503)
      .json({ status: healthy ? "ok" : "unavailable", database: state, version, host });
  });

  app.use((request, response) => {
    response.status(404).json({ error: "there is nothing here" });
  });

  // Express knows an error handler by its four parameters.
  app.use((error, request, response, next) => {
    if (response.headersSent) return next(error);
    if (error instanceof DatabaseError) {
      console.error(error.message);
      return response.status(503).json({ error: error.message });
    }
    if (error.type === "entity.parse.failed") {
      return response.status(400).json({ error: "this is not JSON" });
    }
    if (error.status >= 400 && error.status < 500) {
      return response.status(error.status).json({ error: error.message });
    }
    console.error(error.stack);
    response.status(500).json({ error: "something is wrong in the app; its log says what" });
  });
  return app;
}
