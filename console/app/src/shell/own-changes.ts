/** The revisions of the changes that this tab made, which are no news to it. */
export const mine = new Set<number>()
