/**
 * Lays the .proto files that ours import, or that we serve besides ours, under `.proto-deps/`, which git ignores.
 *
 * They come out of installed packages: nothing is fetched, and the lock file says which versions they are.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { file_buf_validate_validate } from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import { writeTree } from "./file-tree.ts";
import { printProto } from "./print-proto.ts";

const packages = join(import.meta.dirname, "../node_modules");

/** Where in `node_modules/` each import path is found. */
const sources: Record<string, string> = {
  "google/rpc/status.proto": "google-proto-files/google/rpc/status.proto",
  "google/rpc/error_details.proto": "google-proto-files/google/rpc/error_details.proto",
  "grpc/health/v1/health.proto": "grpc-health-check/proto/health/v1/health.proto",
  "grpc/reflection/v1/reflection.proto": "@grpc/reflection/build/proto/grpc/reflection/v1/reflection.proto",
  "grpc/reflection/v1alpha/reflection.proto": "@grpc/reflection/build/proto/grpc/reflection/v1alpha/reflection.proto",
};

/** Brings `.proto-deps/` up to date; takes some 50 ms, so every command that runs buf does it first. */
export function layProtoDeps(): void {
  const tree = new Map(Object.entries(sources).map(([path, source]) => [path, readFileSync(join(packages, source))]));
  tree.set("buf/validate/validate.proto", Buffer.from(printProto(file_buf_validate_validate)));
  writeTree(tree, join(import.meta.dirname, "../.proto-deps"));
}

if (import.meta.main) layProtoDeps();
