/** What is rung when: the topics of the bell that concern jobs. */

/** Rung when jobs of a tenant became ready to be leased. */
export function queueTopic(tenant: string): string {
  return `queue:${tenant}`;
}

/** Rung when a job's log grew. `id` is the job's hex digits. */
export function jobTopic(id: string): string {
  return `job:${id}`;
}
