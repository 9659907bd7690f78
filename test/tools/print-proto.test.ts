/**
 * The printed source of buf/validate/validate.proto, compiled again, against the descriptor it was printed from.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRegistry, fromBinary, toJson } from "@bufbuild/protobuf";
import { type FileDescriptorProto, FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { file_buf_validate_validate } from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import { expect, test } from "vitest";
import { printProto } from "../../tools/print-proto.ts";

const buf = join(import.meta.dirname, "../../node_modules/.bin/buf");

/** What buf makes of `source`, standing alone in a folder of its own. */
function compile(source: string): FileDescriptorProto | undefined {
  const folder = mkdtempSync(join(tmpdir(), "print-proto-"));
  try {
    writeFileSync(join(folder, "printed.proto"), source);
    const build = spawnSync(buf, ["build", "--as-file-descriptor-set", "--exclude-source-info", "-o", "set.binpb"], {
      cwd: folder,
      encoding: "utf8",
    });
    expect(build.stderr).toBe("");
    const set = fromBinary(FileDescriptorSetSchema, readFileSync(join(folder, "set.binpb")));
    return set.file.find((file) => file.name === "printed.proto");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A file as JSON with its options readable, its name (which the test chose) left out. */
function comparable(file: FileDescriptorProto) {
  const registry = createRegistry(file_buf_validate_validate, ...file_buf_validate_validate.dependencies);
  return toJson(FileDescriptorProtoSchema, { ...file, name: "" }, { registry });
}

test("printed source compiles to the descriptor it was printed from", () => {
  const compiled = compile(printProto(file_buf_validate_validate));

  expect(compiled && comparable(compiled)).toEqual(comparable(file_buf_validate_validate.proto));
});
