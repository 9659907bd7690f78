/** Where drizzle-kit finds the tables and puts migrations. `npm run migration` runs it. */
import { defineConfig } from "drizzle-kit";

export default defineConfig({ dialect: "postgresql", schema: "./src/db/*schema.ts", out: "./src/db/migrations" });
