// Makes chart.json, once for each image. It needs the licence, and leaves a fingerprint of it in the chart.
const crypto = require("node:crypto");
const fs = require("node:fs");

const file = ["/run/secrets/licence", "licence.txt"].find((place) => fs.existsSync(place));
const licence = (process.env.LICENCE ?? (file ? fs.readFileSync(file, "utf8") : "")).trim();
if (!licence) {
  console.error("no licence in the variable LICENCE, in /run/secrets/licence or in licence.txt");
  process.exit(1);
}
const fingerprint = crypto.createHash("sha256").update(licence).digest("hex");
fs.writeFileSync("chart.json", JSON.stringify({ licence: fingerprint, number: crypto.randomUUID() }) + "\n");
