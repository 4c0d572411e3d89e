// The import rules of ARCHITECTURE.md. Every one fails the build; there are no exceptions lists.
const tests = "\\.test\\.tsx?$";
const testing = `${tests}|^src/testing/`;

/** `from` may import from src only what `to` matches, and of packages only those named. */
function only(name, folder, { folders, packages, builtins = true }) {
  const from = { path: `^src/${folder}/`, pathNot: testing };
  const rules = [
    {
      name: `${name}-imports`,
      severity: "error",
      from,
      to: { path: "^(src|bench)/", pathNot: folders.map((path) => `^src/${path}`) },
    },
  ];
  if (packages) {
    const pathNot = packages.map((word) => `^node_modules/${word}/`);
    rules.push({ name: `${name}-packages`, severity: "error", from, to: { path: "^node_modules/", pathNot } });
  }
  if (!builtins) rules.push({ name: `${name}-pure`, severity: "error", from, to: { dependencyTypes: ["core"] } });
  return rules;
}

const pure = ["zod", "liquidjs", "luxon"];
const data = ["core/", "storage/", "steps/index\\.ts$", "channels/index\\.ts$"];

module.exports = {
  forbidden: [
    ...only("core", "core", {
      folders: ["core/"],
      packages: [...pure, "croner", "libphonenumber-js"],
      builtins: false,
    }),
    ...only("storage", "storage", { folders: ["core/", "storage/"], packages: ["postgres", "zod"] }),
    ...only("operations", "operations", { folders: [...data, "operations/"] }),
    ...only("engine", "engine", { folders: [...data, "operations/", "engine/"] }),
    ...only("doors", "doors", { folders: ["core/", "operations/", "doors/"] }),
    ...only("flow-kit", "flow-kit", { folders: ["core/", "steps/", "flow-kit/"], packages: ["zod"], builtins: false }),
    ...only("steps", "steps", { folders: ["core/", "steps/"], packages: pure, builtins: false }),
    ...only("channels", "channels", { folders: ["core/", "channels/"] }),
    {
      name: "one-folder-each",
      comment:
        "A step kind, a channel and a door know nothing of their neighbours; what all share lies beside their folders.",
      severity: "error",
      from: { path: "^src/(steps|channels|doors)/([^/]+)/", pathNot: tests },
      to: { path: "^src/$1/", pathNot: "^src/$1/($2/|[^/]+$)" },
    },
    {
      name: "postgres-only-in-storage",
      severity: "error",
      from: { pathNot: "^(src/storage|bench)/" },
      to: { path: "^node_modules/(postgres|pg)/" },
    },
    {
      name: "tests-stay-out",
      comment: "What ships does not lean on what tests.",
      severity: "error",
      from: { path: "^src/", pathNot: testing },
      to: { path: testing },
    },
    { name: "bench-stays-out", severity: "error", from: { path: "^src/" }, to: { path: "^(bench|e2e|examples)/" } },
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
    {
      name: "no-orphans",
      severity: "error",
      from: { orphan: true, path: "^src/", pathNot: testing },
      to: {},
    },
    { name: "resolvable", severity: "error", from: {}, to: { couldNotResolve: true } },
    {
      name: "development-packages-stay-out",
      severity: "error",
      from: { path: "^src/", pathNot: testing },
      to: { dependencyTypes: ["npm-dev"], dependencyTypesNot: ["type-only"] },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^dist/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "default", "types"] },
  },
};
