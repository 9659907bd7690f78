/** Loaded into a server under measurement before its own code: collects garbage when the bench says so, ends with it. */
process.on("message", () => {
  globalThis.gc!();
  // Once more for what the first round finalised.
  setTimeout(() => {
    globalThis.gc!();
    process.send!("collected");
  }, 100);
});
process.on("disconnect", () => process.exit());
