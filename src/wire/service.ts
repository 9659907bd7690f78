/**
 * A service that is served: what the contract describes, and the handlers for as much of it as is built.
 */
import type { DescMethod, DescService } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import { notBuilt } from "./request.ts";

/** A handler of whatever kind; the descriptor of its method says which. */
export type Handler = (request: never, context: never) => unknown;

/** Both transports serve the same of these. */
export interface Service {
  readonly desc: DescService;
  isBuilt(method: DescMethod): boolean;
  /** The handler of a method; one that is not built refuses with its name. */
  handlerOf(method: DescMethod): Handler;
}

/** Binds handlers to a service. RPCs without one answer UNIMPLEMENTED and say which they are. */
export function serviceOf<Desc extends DescService>(desc: Desc, implementation: Partial<ServiceImpl<Desc>>): Service {
  const handlers = new Map<string, Handler>();
  for (const method of desc.methods) {
    const handler = (implementation as Record<string, Handler | undefined>)[method.localName];
    if (handler !== undefined) handlers.set(method.name, handler.bind(implementation));
  }
  return {
    desc,
    isBuilt: (method) => handlers.has(method.name),
    handlerOf: (method) =>
      handlers.get(method.name) ??
      (() => {
        throw notBuilt(`${method.parent.typeName}/${method.name}`);
      }),
  };
}
