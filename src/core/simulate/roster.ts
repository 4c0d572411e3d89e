import { type Contact, type IdentityKind, identityKinds } from "../contact.ts";
import { laneOf } from "../id.ts";
import type { Subject } from "./simulation.ts";

type Identity = Partial<Record<IdentityKind, string>>;

/** The contacts of a story and how they are known, as resolving an event's contact goes: external id before e-mail before phone. */
export class Roster {
  readonly subjects: Subject[] = [];
  readonly #workspaceId: string;
  readonly #owners = new Map<string, Subject>();
  readonly #held = new Map<Subject, Set<IdentityKind>>();

  constructor(workspaceId: string) {
    this.#workspaceId = workspaceId;
  }

  /** Adds a contact. Returns what of it belongs to another one already; then it is not added. */
  add(contact: Contact): IdentityKind | "id" | null {
    if (this.byId(contact.id)) return "id";
    const taken = identityKinds.find((kind) => contact[kind] !== null && this.#owners.has(`${kind}|${contact[kind]}`));
    if (taken) return taken;
    const subject = { contact, arrivals: [] };
    this.subjects.push(subject);
    this.#owners.set(`id|${contact.id}`, subject);
    this.#claim(subject, identityOf(contact));
    return null;
  }

  byId(id: string): Subject | undefined {
    return this.#owners.get(`id|${id}`);
  }

  /** Whom an event means: the first that one of the identities belongs to, or a new contact made at that instant. It fills what that contact lacks. */
  resolve(identity: Identity, at: Date): Subject {
    const owner = identityKinds.map((kind) => this.#owners.get(`${kind}|${identity[kind]}`)).find(Boolean);
    const subject = owner ?? this.#create(at);
    this.#claim(subject, identity);
    return subject;
  }

  /** A contact with nothing known of it yet. */
  blank(at: Date, id = this.#nextId()): Contact {
    const unknown = { externalId: null, email: null, phone: null, timeZone: null, locale: null };
    const empty = { properties: {}, tags: [], lists: {} };
    return { id, lane: laneOf(id), workspaceId: this.#workspaceId, ...unknown, ...empty, createdAt: at };
  }

  #create(at: Date): Subject {
    const subject = { contact: this.blank(at), arrivals: [], isNew: true };
    this.subjects.push(subject);
    this.#owners.set(`id|${subject.contact.id}`, subject);
    return subject;
  }

  #claim(subject: Subject, identity: Identity): void {
    const held = this.#held.get(subject) ?? new Set();
    this.#held.set(subject, held);
    for (const kind of identityKinds) {
      const key = `${kind}|${identity[kind]}`;
      if (identity[kind] === undefined || held.has(kind) || this.#owners.has(key)) continue;
      held.add(kind);
      this.#owners.set(key, subject);
    }
  }

  #nextId(): string {
    return `00000000-0000-7000-8000-${(this.subjects.length + 1).toString(16).padStart(12, "0")}`;
  }
}

function identityOf(contact: Contact): Identity {
  return Object.fromEntries(
    identityKinds.flatMap((kind) => (contact[kind] === null ? [] : [[kind, contact[kind]] as const])),
  );
}
