import { called } from "./stories/called.ts";
import { cart } from "./stories/cart.ts";
import { joined } from "./stories/joined.ts";
import { moved } from "./stories/moved.ts";
import type { Story } from "./story.ts";

/** Everything that is told at a site, all of it in every round. */
export const stories: readonly Story[] = [called("transactional"), called("marketing"), cart, joined, moved];
