import { migrate as applyMigrations } from "../../storage/migrate.ts";
import { ensurePartitions } from "../../storage/partitions.ts";
import { openDatabaseBeside } from "../open-database.ts";
import { type Command, requireConfiguration, say } from "./command.ts";

export const migrate: Command = {
  name: "migrate",
  summary: "bring the database to the newest schema",
  help: `Applies what is missing and says what it was. A start does the same by itself; this is for those who want it apart.
Safe while older processes run.`,
  options: {},
  async run() {
    const database = await openDatabaseBeside(requireConfiguration());
    try {
      const applied = await applyMigrations(database.sql);
      await ensurePartitions(database.sql, new Date());
      say(applied.length === 0 ? "The schema is up to date." : `Applied ${applied.join(", ")}.`);
      return 0;
    } finally {
      await database.close();
    }
  },
};
