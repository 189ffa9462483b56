/** The titles that people see over the values of a reply. */
import * as z from 'zod'
import { notesOf } from './fields.js'
import { definitionOf, type CommandName } from './table.js'

/** The title of each field; its name where it has none. */
export function titlesOf(name: CommandName): Readonly<Record<string, string>> {
  return titles(definitionOf(name).reply)
}

/** The columns of a table for a list of records in a reply. */
export function columnsOfList(name: CommandName, field: string): readonly { readonly field: string; readonly title: string }[] {
  const { reply, columns } = definitionOf(name)
  const schemas: Readonly<Record<string, z.core.$ZodType>> = reply.shape
  const all = titles(recordOf(schemas[field]))
  return (columns[field] ?? Object.keys(all)).map((column) => ({ field: column, title: all[column] ?? column }))
}

/** Whether a field of a reply is a list of records, which a person sees as a table. */
export function isRecordList(name: CommandName, field: string): boolean {
  const schemas: Readonly<Record<string, z.core.$ZodType>> = definitionOf(name).reply.shape
  const schema = schemas[field]
  const list = schema instanceof z.ZodOptional ? schema.unwrap() : schema
  return list instanceof z.ZodArray && list.element instanceof z.ZodObject
}

function titles(record: z.ZodObject): Readonly<Record<string, string>> {
  const schemas: Readonly<Record<string, z.core.$ZodType>> = record.shape
  return Object.fromEntries(Object.entries(schemas).map(([field, schema]) => [field, notesOf(schema).about || field]))
}

function recordOf(schema: z.core.$ZodType | undefined): z.ZodObject {
  if (schema instanceof z.ZodOptional) return recordOf(schema.unwrap())
  if (schema instanceof z.ZodArray) return recordOf(schema.element)
  if (schema instanceof z.ZodObject) return schema
  throw new TypeError('not a list of records')
}
