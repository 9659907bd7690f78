/**
 * Prints a compiled proto2 file back as source.
 *
 * buf reads imports as source, and the package that carries `buf/validate/validate.proto` ships only its descriptor.
 * Knows what that file is written with, and no more: `test/tools/print-proto.test.ts` compiles the print and compares.
 */
import {
  createRegistry,
  type DescEnum,
  type DescExtension,
  type DescField,
  type DescFile,
  type DescMessage,
  type DescOneof,
  type JsonValue,
  type Message,
  type Registry,
  toJson,
} from "@bufbuild/protobuf";
import {
  EnumValueOptionsSchema,
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FieldOptionsSchema,
  FileOptionsSchema,
  MessageOptionsSchema,
  OneofOptionsSchema,
} from "@bufbuild/protobuf/wkt";

/** Messages reserve and extend field numbers up to, and not including, this one. */
const FIELD_NUMBER_END = 0x20000000;

/** The source of `file`, without comments; refuses what it cannot print rather than leave it out. */
export function printProto(file: DescFile): string {
  if (file.proto.syntax !== "" && file.proto.syntax !== "proto2") throw new Error(`Cannot print ${file.proto.syntax}`);
  if (file.services.length > 0) throw new Error("Cannot print services");
  const registry = createRegistry(file, ...file.dependencies);
  const lines = [
    `syntax = "proto2";`,
    `package ${file.proto.package};`,
    ...file.proto.dependency.map((name) => `import ${JSON.stringify(name)};`),
    ...optionLines(FileOptionsSchema, file.proto.options, registry),
    ...file.enums.flatMap((desc) => enumLines(desc, registry)),
    ...file.messages.flatMap((desc) => messageLines(desc, registry)),
    ...file.extensions.flatMap((desc) => extensionLines(desc, registry)),
  ];
  return `${lines.join("\n")}\n`;
}

function messageLines(desc: DescMessage, registry: Registry): string[] {
  const proto = desc.proto;
  if (desc.fields.some((field) => field.fieldKind === "map")) throw new Error(`Cannot print the maps of ${desc.name}`);
  return block(`message ${desc.name}`, [
    ...optionLines(MessageOptionsSchema, proto.options, registry),
    ...desc.nestedEnums.flatMap((nested) => enumLines(nested, registry)),
    ...desc.nestedMessages.flatMap((nested) => messageLines(nested, registry)),
    ...desc.members.flatMap((member) => memberLines(member, registry)),
    ...desc.nestedExtensions.flatMap((extension) => extensionLines(extension, registry)),
    ...proto.extensionRange.map((range) => `extensions ${range.start} to ${lastNumber(range.end)};`),
    ...proto.reservedRange.map((range) => `reserved ${range.start} to ${lastNumber(range.end)};`),
    ...proto.reservedName.map((name) => `reserved ${JSON.stringify(name)};`),
  ]);
}

function memberLines(member: DescField | DescOneof, registry: Registry): string[] {
  if (member.kind === "field") return [`${label(member)} ${fieldLine(member, registry)}`];
  return block(`oneof ${member.name}`, [
    ...optionLines(OneofOptionsSchema, member.proto.options, registry),
    ...member.fields.map((field) => fieldLine(field, registry)),
  ]);
}

function extensionLines(desc: DescExtension, registry: Registry): string[] {
  return block(`extend .${desc.extendee.typeName}`, [`${label(desc)} ${fieldLine(desc, registry)}`]);
}

function enumLines(desc: DescEnum, registry: Registry): string[] {
  return block(`enum ${desc.name}`, [
    ...desc.values.map((value) => {
      const suffix = bracketed(options(EnumValueOptionsSchema, value.proto.options, registry));
      return `${value.name} = ${value.number}${suffix};`;
    }),
    ...desc.proto.reservedRange.map((range) => `reserved ${range.start} to ${range.end};`),
    ...desc.proto.reservedName.map((name) => `reserved ${JSON.stringify(name)};`),
  ]);
}

function fieldLine(desc: DescField | DescExtension, registry: Registry): string {
  if (desc.proto.defaultValue !== "") throw new Error(`Cannot print the default value of ${desc.name}`);
  const type = desc.proto.typeName || FieldDescriptorProto_Type[desc.proto.type].toLowerCase();
  const suffix = bracketed(options(FieldOptionsSchema, desc.proto.options, registry));
  return `${type} ${desc.name} = ${desc.number}${suffix};`;
}

function label(desc: DescField | DescExtension): string {
  return FieldDescriptorProto_Label[desc.proto.label].toLowerCase();
}

function lastNumber(end: number): string {
  return end === FIELD_NUMBER_END ? "max" : String(end - 1);
}

function block(head: string, lines: string[]): string[] {
  return [`${head} {`, ...lines.map((line) => `  ${line}`), "}"];
}

function bracketed(assignments: string[]): string {
  return assignments.length === 0 ? "" : ` [${assignments.join(", ")}]`;
}

function optionLines(schema: DescMessage, message: Message | undefined, registry: Registry): string[] {
  return options(schema, message, registry).map((assignment) => `option ${assignment};`);
}

/** Every option set, as `name = value`. ProtoJSON writes an extension's name in brackets, source in parentheses. */
function options(schema: DescMessage, message: Message | undefined, registry: Registry): string[] {
  if (message === undefined) return [];
  const json = toJson(schema, message, { registry, useProtoFieldName: true }) as Record<string, JsonValue>;
  return Object.entries(json).map(([name, value]) => {
    return `${name.replace(/^\[(.*)\]$/, "(.$1)")} = ${textFormat(value)}`;
  });
}

/** Protobuf's text format differs from ProtoJSON in its unquoted names only, as long as a value holds no enum. */
function textFormat(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map(textFormat).join(", ")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  return `{ ${Object.entries(value).map(([name, field]) => `${name}: ${textFormat(field)}`).join(", ")} }`;
}
