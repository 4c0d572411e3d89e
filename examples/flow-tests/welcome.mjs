// A flow written in TypeScript or JavaScript. `node welcome.mjs > flows/welcome.json` makes the file that `staffetta import flows` takes.
import { condition, event, flow, httpAction, sendEmail, wait } from "staffetta/flow-builder";

export const welcome = flow("Welcome", { reentry: { mode: "never" }, exitWhen: [{ event: "account.closed" }] })
  .on(event({ event: "user.joined" }))
  .step("pause", wait({ hours: 1 }))
  .step("plan", httpAction({ method: "GET", url: "https://api.example.com/plans/{{ contact.externalId }}" }), {
    error: "plain",
  })
  .step(
    "which",
    condition({ paths: [{ name: "pro", when: { field: "steps.plan.body.plan", operator: "is", value: "pro" } }] }),
    {
      pro: "personal",
      else: "plain",
    },
  )
  .step(
    "personal",
    sendEmail({ subject: "{{ contact.name }}, your guide is here", html: "<p>Call us any time.</p>" }),
    {
      next: null,
    },
  )
  .step("plain", sendEmail({ subject: "Welcome, {{ contact.name }}", html: "<p>Good to have you.</p>" }))
  .build();
