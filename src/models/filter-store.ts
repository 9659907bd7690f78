/**
 * What a filter means in SQL: a condition on a version `v`, with every value a parameter.
 *
 * A comparison is never NULL, so that NOT is its opposite: a label or number that is absent equals nothing, and `!=` holds
 * of it.
 */
import { type SQL, sql } from "drizzle-orm";
import type { Comparison, Filter, Operator, TextValue } from "./filter.ts";

/** The condition that a filter stands for. */
export function conditionOf(filter: Filter): SQL {
  switch (filter.kind) {
    case "and":
      return sql`(${sql.join(filter.parts.map(conditionOf), sql` AND `)})`;
    case "or":
      return sql`(${sql.join(filter.parts.map(conditionOf), sql` OR `)})`;
    case "not":
      return sql`NOT ${conditionOf(filter.part)}`;
    case "comparison":
      return comparisonOf(filter.comparison);
  }
}

const operators: Record<Exclude<Operator, "has">, SQL> = {
  "=": sql`=`,
  "!=": sql`<>`,
  "<": sql`<`,
  "<=": sql`<=`,
  ">": sql`>`,
  ">=": sql`>=`,
};

function operatorOf(operator: Operator): SQL {
  return operators[operator === "has" ? "=" : operator];
}

function comparisonOf(comparison: Comparison): SQL {
  const { operator } = comparison;
  switch (comparison.field) {
    case "name":
      return textCondition(sql`v.name`, operator, comparison.value);
    case "task":
      return textCondition(sql`v.task`, operator, comparison.value);
    case "backend":
      return textCondition(sql`v.backend`, operator, comparison.value);
    case "labels":
      return labelCondition(comparison.key, operator, comparison.value);
    case "alias":
      return aliasCondition(operator, comparison.value);
    case "metrics":
      return metricCondition(comparison.key, operator, comparison.value);
    case "version":
      return sql`(v.version ${operatorOf(operator)} ${comparison.value}::int)`;
    case "status":
      return sql`(v.status ${operatorOf(operator)} ${comparison.value})`;
    case "created_at":
      // To the millisecond, as callers are told times.
      return sql`(date_trunc('milliseconds', v.created_at) ${operatorOf(operator)} ${comparison.value}::timestamptz)`;
  }
}

function textCondition(column: SQL, operator: Operator, { text, isPrefix }: TextValue): SQL {
  if (!isPrefix) return sql`(${column} ${operatorOf(operator)} ${text}::text)`;
  const starts = sql`starts_with(${column}, ${text})`;
  return operator === "!=" ? sql`NOT ${starts}` : starts;
}

function labelCondition(key: string, operator: Operator, value: TextValue): SQL {
  const label = sql`(v.labels ->> ${key}::text)`;
  if (operator === "has" && value.isPrefix && value.text === "") return sql`(${label} IS NOT NULL)`;
  const negated = operator === "!=";
  return sql`coalesce(${textCondition(label, operator, value)}, ${negated})`;
}

function metricCondition(key: string, operator: Operator, value: number | undefined): SQL {
  const metric = sql`(v.metrics ->> ${key}::text)::double precision`;
  if (value === undefined) return sql`(${metric} IS NOT NULL)`;
  return sql`coalesce(${metric} ${operatorOf(operator)} ${value}::double precision, ${operator === "!="})`;
}

function aliasCondition(operator: Operator, value: TextValue): SQL {
  const matches = textCondition(sql`fa.alias`, "=", value);
  const exists = sql`EXISTS (
    SELECT FROM model_aliases fa
    WHERE fa.tenant = v.tenant AND fa.name = v.name AND fa.version = v.version AND ${matches})`;
  return operator === "!=" ? sql`NOT ${exists}` : exists;
}
