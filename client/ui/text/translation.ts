/** What another language gives: the English catalogue's shape with other words. Whatever it leaves out is said in English. */
import type { en } from './en.ts';

type Words<Value> = Value extends string ? string : { readonly [Key in keyof Value]?: Words<Value[Key]> };

export type Translation = Words<typeof en>;

type Tree = { readonly [key: string]: string | Tree };

/** The catalogue with a translation's words in place of its own, where there are any. */
export function translate(catalogue: typeof en, translation: Translation): typeof en {
  return merge(catalogue, translation as Tree) as typeof en;
}

function merge(base: Tree, over: Tree): Tree {
  const entries = Object.entries(base).map(([key, value]) => {
    const other = over[key];
    if (typeof value === 'string') return [key, typeof other === 'string' ? other : value] as const;
    return [key, typeof other === 'object' ? merge(value, other) : value] as const;
  });
  return Object.fromEntries(entries);
}
