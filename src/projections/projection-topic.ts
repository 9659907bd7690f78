/** What is rung when: the topics of the bell that concern projections. */

/** Rung when work of a tenant may have become claimable by workers. */
export function workTopic(tenant: string): string {
  return `work:${tenant}`;
}

/** Rung when work may have become claimable by the server itself. */
export const PROJECTOR_TOPIC = "projector";

/** Rung when the figures or the slots of a projection changed. */
export function projectionTopic(tenant: string, kind: string): string {
  return `projection:${tenant}:${kind}`;
}

/** Everything to ring when work was enqueued or came back. */
export function topicsOfWork({ tenant, kind }: { readonly tenant: string; readonly kind: string }): string[] {
  return [workTopic(tenant), PROJECTOR_TOPIC, projectionTopic(tenant, kind)];
}
