// How the pages are grouped: by driver, area and clause rather than by file.
export default {
  name: "CSI snapshot conformance",
  plugins: {
    awesome: { options: { groupBy: ["epic", "feature", "story"] } },
  },
};
