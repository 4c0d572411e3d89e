import { expect, test } from "vitest";
import { defaultSettings, workspaceSettingsSchema } from "./workspace-settings.ts";

test("without settings, work is done from Monday to Friday", () => {
  expect(defaultSettings.workingHours).toEqual([
    { weekdays: ["monday", "tuesday", "wednesday", "thursday", "friday"], from: "09:00", to: "18:00" },
  ]);
});

const everyDay = Array.from({ length: 366 }, (_, day) =>
  new Date(Date.UTC(2000, 0, 1 + day)).toISOString().slice(5, 10),
);

test.each<[string, object, (string | number)[]]>([
  ["no working hours at all", { workingHours: [] }, ["workingHours"]],
  ["holidays all year round", { holidays: everyDay }, ["holidays"]],
  ["a holiday that does not exist", { holidays: ["2026-02-30"] }, ["holidays", 0]],
])("refuses %s", (_name, settings, path) => {
  expect(workspaceSettingsSchema.safeParse(settings).error?.issues).toMatchObject([{ path }]);
});
