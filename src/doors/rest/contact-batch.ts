import { AppError, type Issue } from "../../core/errors.ts";
import { issuesOf, joinPath } from "../../core/issues.ts";
import { type ContactResult, upsertContacts } from "../../operations/upsert-contacts.ts";
import { type ContactsResult, contactItem, contactsBody, contactsResult } from "./contacts-schema.ts";
import type { RestApp, RestContext } from "./context.ts";
import { describe, refusals } from "./describe.ts";

type Result = ContactsResult["results"][number];

/** Up to 1,000 contacts in one request, each accepted or rejected by itself. */
export function serveContactBatch(app: RestApp, { platform, callerOf }: RestContext): void {
  app.post(
    "/v1/contacts/batch",
    {
      schema: {
        ...describe({
          tag: "Contacts",
          summary: "Create or change up to 1,000 contacts",
          description:
            "Each contact is found by its id or its identities, and accepted or rejected by itself, in order; the accepted ones are committed together. 422 with every broken field when none was.",
          hasBody: true,
        }),
        body: contactsBody,
        response: { 200: contactsResult, ...refusals({ hasBody: true }) },
      },
    },
    async (request) => {
      const items = request.body.contacts.map((item) => contactItem.safeParse(item));
      const contacts = items.flatMap(({ data }) => (data === undefined ? [] : [data]));
      const written = await upsertContacts(platform, callerOf(request), { contacts, partial: true });
      const next = written.results.values();
      const results = items.map(({ error }, index): Result => {
        if (error) return { status: "rejected", issues: issuesOf(error).map((issue) => placed(issue, index)) };
        return viewResult(next.next().value as ContactResult, index);
      });
      const accepted = results.filter(({ status }) => status !== "rejected").length;
      if (accepted === 0)
        throw new AppError("invalid_request", "No contact of the batch could be accepted.", {
          issues: results.flatMap((result) => (result.status === "rejected" ? result.issues : [])).slice(0, 200),
        });
      return { accepted, rejected: results.length - accepted, results };
    },
  );
}

function viewResult(result: ContactResult, index: number): Result {
  if (result.status !== "refused") return result;
  // Its place among those that could be read, which is not its place in the request.
  const issues = result.issues.map((issue) =>
    placed({ ...issue, path: issue.path.replace(/^contacts\[\d+\]\.?/, "") }, index),
  );
  return { status: "rejected", issues };
}

function placed(issue: Issue, index: number): Issue {
  const root = joinPath("contacts", [index]);
  return { ...issue, path: issue.path === "" ? root : `${root}.${issue.path}` };
}
