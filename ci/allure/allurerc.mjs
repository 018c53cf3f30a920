// How the pages look: grouped by driver and area rather than by file, with the categories that the run has left.
import { readFileSync } from "node:fs";

export default {
  name: "CSI snapshot conformance",
  categories: JSON.parse(readFileSync(`${process.env.CSI_ALLURE_RESULTS}/categories.json`, "utf8")),
  hideLabels: ["framework", "language", "package", "parentSuite", "suite", "host"],
  plugins: {
    awesome: { options: { groupBy: ["epic", "feature"] } },
  },
};
