/**
 * Messages and bytes: how grpc-js reads requests and writes answers, by protobuf-es and the descriptors.
 */
import {
  create,
  type DescMessage,
  type DescMethod,
  fromBinary,
  isMessage,
  type Message,
  toBinary,
} from "@bufbuild/protobuf";
import type { ServiceDefinition } from "@grpc/grpc-js";
import { malformedMessage } from "./request.ts";

/** Stands in for a request whose bytes are not the message they ought to be. grpc-js would call that INTERNAL. */
class Malformed {
  readonly typeName: string;

  constructor(typeName: string) {
    this.typeName = typeName;
  }
}

/** Refuses what stands in for a malformed request. */
export function refuseMalformed(message: unknown): void {
  if (message instanceof Malformed) throw malformedMessage(message.typeName);
}

/** How grpc-js names, reads and writes the methods of a service. */
export function definitionOf(methods: readonly DescMethod[]): ServiceDefinition {
  return Object.fromEntries(
    methods.map((method) => [
      method.localName,
      {
        path: `/${method.parent.typeName}/${method.name}`,
        originalName: method.localName,
        requestStream: method.methodKind === "client_streaming" || method.methodKind === "bidi_streaming",
        responseStream: method.methodKind === "server_streaming" || method.methodKind === "bidi_streaming",
        requestSerialize: (message: Message) => encode(method.input, message),
        requestDeserialize: (bytes: Buffer) => decode(method.input, bytes),
        responseSerialize: (message: Message) => encode(method.output, message),
        responseDeserialize: (bytes: Buffer) => fromBinary(method.output, bytes),
      },
    ]),
  );
}

const sharedBytes = new WeakMap<Message, Buffer | undefined>();

/**
 * Marks a whole message as one that goes to several streams and will not change: it is encoded once for all of them.
 */
export function share<T extends Message>(message: T): T {
  sharedBytes.set(message, undefined);
  return message;
}

function encode(desc: DescMessage, message: Message): Buffer {
  if (!sharedBytes.has(message)) return bytesOf(desc, message);
  const bytes = sharedBytes.get(message) ?? bytesOf(desc, message);
  sharedBytes.set(message, bytes);
  return bytes;
}

function bytesOf(desc: DescMessage, message: Message): Buffer {
  const { buffer, byteOffset, byteLength } = toBinary(desc, message);
  return Buffer.from(buffer, byteOffset, byteLength);
}

function decode(desc: DescMessage, bytes: Buffer): Message {
  try {
    return fromBinary(desc, bytes);
  } catch {
    return new Malformed(desc.typeName) as unknown as Message;
  }
}

/** A whole message of what a handler answered, which may leave fields out. */
export function whole(desc: DescMessage, message: unknown): Message {
  return isMessage(message, desc) ? message : create(desc, message as Record<string, unknown>);
}
