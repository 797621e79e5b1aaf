// A mail made of blocks as a value that is never changed in place, its history, and two people's changes put together.

let counter = 0;
export const newId = () => `b${Date.now().toString(36)}${(counter++).toString(36)}${Math.random().toString(36).slice(2, 6)}`;

// Where a block stands: {list: [] of the mail or [columnsId, column], at}.
export function find(mail, id) {
  for (const [at, block] of mail.blocks.entries()) {
    if (block.id === id) return { block, at, columns: null, column: 0, length: mail.blocks.length };
    if (block.kind !== "columns") continue;
    for (const [column, leaves] of block.columns.entries()) {
      const inner = leaves.findIndex((leaf) => leaf.id === id);
      if (inner >= 0) return { block: leaves[inner], at: inner, columns: block.id, column, length: leaves.length };
    }
  }
  return null;
}

export function every(mail) {
  return mail.blocks.flatMap((block) => (block.kind === "columns" ? [block, ...block.columns.flat()] : [block]));
}

function withList(mail, columns, column, change) {
  if (!columns) return { ...mail, blocks: change(mail.blocks) };
  const blocks = mail.blocks.map((block) =>
    block.id === columns ? { ...block, columns: block.columns.map((leaves, at) => (at === column ? change(leaves) : leaves)) } : block,
  );
  return { ...mail, blocks };
}

export function update(mail, id, values) {
  const place = find(mail, id);
  if (!place) return mail;
  return withList(mail, place.columns, place.column, (list) => list.map((block) => (block.id === id ? { ...block, ...values } : block)));
}

export function remove(mail, id) {
  const place = find(mail, id);
  return place ? withList(mail, place.columns, place.column, (list) => list.filter((block) => block.id !== id)) : mail;
}

export function insert(mail, block, { columns = null, column = 0, at }) {
  // Columns stand in no column.
  if (block.kind === "columns" && columns) return mail;
  return withList(mail, columns, column, (list) => [...list.slice(0, at), block, ...list.slice(at)]);
}

export function move(mail, id, to) {
  const place = find(mail, id);
  if (!place || (to.columns && place.block.kind === "columns")) return mail;
  const isSameList = place.columns === (to.columns ?? null) && place.column === (to.column ?? 0);
  const at = isSameList && place.at < to.at ? to.at - 1 : to.at;
  return insert(remove(mail, id), place.block, { ...to, at });
}

export function copied(block) {
  const copy = { ...structuredClone(block), id: newId() };
  if (copy.columns) copy.columns = copy.columns.map((leaves) => leaves.map((leaf) => ({ ...leaf, id: newId() })));
  return copy;
}

// Every state since the page was opened; what follows quickly on the same field is one step.
export class History {
  constructor(mail) {
    this.past = [];
    this.mail = mail;
    this.future = [];
    this.last = { what: "", at: 0 };
  }
  put(mail, what) {
    const now = Date.now();
    if (!what || what !== this.last.what || now - this.last.at > 1200) this.past.push(this.mail);
    this.last = { what, at: now };
    this.mail = mail;
    this.future = [];
  }
  // What others saved is under all of our steps, or undoing would take it back.
  rebase(change) {
    this.past = this.past.map(change);
    this.future = this.future.map(change);
    this.mail = change(this.mail);
  }
  undo() {
    if (!this.past.length) return false;
    this.future.push(this.mail);
    this.mail = this.past.pop();
    this.last.what = "";
    return true;
  }
  redo() {
    if (!this.future.length) return false;
    this.past.push(this.mail);
    this.mail = this.future.pop();
    this.last.what = "";
    return true;
  }
}

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

// Put what two people made of the same mail together. A block that one of them changed is as they made it; of one that
// both changed ours stays and theirs is put below it, so that nobody's words are lost.
export function merge(base, mine, theirs) {
  const known = new Map(base.blocks.map((block) => [block.id, block]));
  const ours = new Map(mine.blocks.map((block) => [block.id, block]));
  const other = new Map(theirs.blocks.map((block) => [block.id, block]));
  const movedByUs = !same(base.blocks.map((block) => block.id), mine.blocks.map((block) => block.id));
  const [leading, following] = movedByUs ? [mine, theirs] : [theirs, mine];
  const conflicts = [];
  const blocks = [];
  for (const { id } of leading.blocks) {
    const before = known.get(id), here = ours.get(id), there = other.get(id);
    if (here && there) {
      if (same(here, there) || same(here, before)) blocks.push(there);
      else if (same(there, before)) blocks.push(here);
      else {
        const kept = copied(there);
        conflicts.push(kept.id);
        blocks.push(here, kept);
      }
    } else if (!before) blocks.push(here ?? there);
    // One of them removed it: gone, unless the other has changed it since.
    else if (!same(here ?? there, before)) blocks.push(here ?? there);
  }
  for (const [at, block] of following.blocks.entries()) {
    if (blocks.some((each) => each.id === block.id) || leading.blocks.some((each) => each.id === block.id)) continue;
    const before = known.get(block.id);
    if (before && same(before, block)) continue;
    const left = following.blocks.slice(0, at).reverse().find((each) => blocks.some((kept) => kept.id === each.id));
    blocks.splice(left ? blocks.findIndex((each) => each.id === left.id) + 1 : 0, 0, block);
  }
  return { mail: { ...theirs, width: mine.width !== base.width ? mine.width : theirs.width, blocks }, conflicts };
}
