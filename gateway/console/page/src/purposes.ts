/* One colour for each purpose, the same in badges, charts and tables. Each has a relative luminance of
   0.158: 4.5 to 1 or more against white letters upon it, 3 to 1 or more against both grounds of the page. */

export const COLOURS: Record<string, string> = {
  ADS_PERSONALIZATION: "#c5420a",
  OFFER_MATCHING: "#966504",
  FRIEND_SUGGESTIONS: "#cf1e85",
  INFRASTRUCTURE: "#08789d",
  SECURITY: "#d91f1f",
  BUSINESS_MESSAGING: "#0e7f47",
  SUBJECT_ACCESS: "#2e66e8",
  PREFERENCES: "#9246de",
  AUDIT: "#627084",
};
/** The purpose of the ledger's page, and of versions of the policy. */
export const AUDIT = "AUDIT";

const OTHER = "#6b6b6b";

export const colourOf = (purpose: string): string => COLOURS[purpose] ?? OTHER;
