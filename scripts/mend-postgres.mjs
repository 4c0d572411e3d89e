// Mends four defects of the PostgreSQL client (postgres 3.4.9) that a connection ended by the server brings to light. They are reported
// upstream (porsager/postgres 1066, 1154, 1208) and not yet released.
// 1. A query on such a connection ends the whole process: it writes to a socket that is null, outside of any promise.
// 2. A write that was buffered when the socket closed leaves a connection that never writes again.
// 3. The error that ended a connection is thrown once more at the first query on the next one.
// 4. What a lost transaction still sends (its rollback, at least) goes into whatever transaction uses the connection by then.
import { readFileSync, realpathSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const mends = {
  "src/connection.js": [
    [
      "    if (stream)\n      return queryError(q, Errors.generic(",
      "    if (socket === null)\n      return queryError(q, Errors.connection('CONNECTION_CLOSED', options)), true\n\n    if (stream)\n      return queryError(q, Errors.generic(",
    ],
    ["    const x = socket.write(chunk, fn)\n", "    const x = socket === null ? false : socket.write(chunk, fn)\n"],
    [
      "    clearImmediate(nextWriteTimer)\n    socket.removeListener('data', data)\n",
      "    clearImmediate(nextWriteTimer)\n    chunk = nextWriteTimer = errorResponse = null\n    socket.removeListener('data', data)\n",
    ],
    [
      "    !hadError && (query || sent.length) && error(Errors.connection('CONNECTION_CLOSED', options, socket))\n",
      "    ;(query || sent.length) && error(Errors.connection('CONNECTION_CLOSED', options, socket))\n    query = null\n",
    ],
  ],
  "src/index.js": [
    [
      "      , connection\n      , prepare = null\n",
      "      , connection\n      , lost = null\n      , prepare = null\n",
    ],
    ["connection.onclose = reject)", "connection.onclose = e => reject(lost = e))"],
    [
      "(uncaughtError = e))\n        c.queue === full",
      "(uncaughtError = e))\n        if (lost)\n          return q.reject(lost)\n        c.queue === full",
    ],
  ],
};

/** Mends the installed client below `root`; one that is mended stays as it is. Throws when the client is another than the one known. */
export function mendPostgres(root) {
  for (const [name, pairs] of Object.entries(mends)) {
    const file = join(root, "node_modules/postgres", name);
    const before = readFileSync(file, "utf8");
    const after = pairs.reduce(mend, before);
    if (after !== before) writeFileSync(file, after);
  }
}

function mend(text, [from, to]) {
  if (text.includes(to)) return text;
  if (text.split(from).length !== 2)
    throw new Error("The PostgreSQL client is not the version that scripts/mend-postgres.mjs knows.");
  return text.replace(from, () => to);
}

const self = fileURLToPath(import.meta.url);
if (process.argv[1] && realpathSync(process.argv[1]) === self) mendPostgres(dirname(dirname(self)));
