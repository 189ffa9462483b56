/** The fields that have a value; a reply leaves out the others. */
export function given<Fields extends object>(fields: Fields): { readonly [Field in keyof Fields]?: Exclude<Fields[Field], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as { readonly [Field in keyof Fields]?: Exclude<Fields[Field], undefined> }
}
