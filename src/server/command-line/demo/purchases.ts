export type Purchase = { email: string; customerId: string; name: string; orderId: string; total: number };

/** A purchase with what it has to lead to: the steps in order, the beginning of the subject, whether the API is asked twice. */
export type Expected = { purchase: Purchase; steps: string[]; subject: string; isRetried: boolean };

const names =
  "Ada Bruno Carla Dino Elena Fabio Gina Hugo Irma Jan Karla Luca Mara Nino Olga Paolo Rita Sara Tito Vera".split(" ");

/** Twenty purchases: gold and plain customers, two at whom the API stumbles first, one it does not know. `run` keeps them apart from earlier ones. */
export function makePurchases(run: string): Expected[] {
  return names.map((name, index) => {
    const kind = kindOf(index);
    const customerId = `${kind}-${run}-${index + 1}`;
    const orderId = `${run}-${index + 1}`;
    const email = `${name.toLowerCase()}.${run}@demo.example`;
    return {
      purchase: { email, customerId, name, orderId, total: 20 + index * 10 },
      ...outcomeOf(kind, { name, orderId }),
    };
  });
}

type Kind = "gold" | "plain" | "flaky-gold" | "flaky-plain" | "unknown";

function kindOf(index: number): Kind {
  if (index === 4) return "flaky-gold";
  if (index === 9) return "flaky-plain";
  if (index === 14) return "unknown";
  return index % 2 === 0 ? "gold" : "plain";
}

function outcomeOf(kind: Kind, { name, orderId }: { name: string; orderId: string }): Omit<Expected, "purchase"> {
  const isRetried = kind.startsWith("flaky");
  if (kind === "unknown") return { steps: ["ask-loyalty", "plain-words"], subject: `Your order ${orderId}`, isRetried };
  const isGold = kind.endsWith("gold");
  const last = isGold ? "gold-thanks" : "thanks";
  return {
    steps: ["ask-loyalty", "which-tier", last],
    subject: isGold ? `A gift for you, ${name}` : `Thank you, ${name}`,
    isRetried,
  };
}
