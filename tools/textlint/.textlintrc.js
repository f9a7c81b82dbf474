// Beside the preset's own rules, for pages that speak to their reader in です and ます.
module.exports = {
  rules: {
    'preset-ja-technical-writing': {
      // A list's items are sentences to the reader, as the paragraphs are; tables and headings may end in a noun.
      'no-mix-dearu-desumasu': { preferInBody: 'ですます', preferInHeader: '', preferInList: 'ですます', strict: false },
      // A sentence that names commands and settings is longer by them than the preset's 100 characters.
      'sentence-length': { max: 120, skipPatterns: ['/`[^`]+`/', '/\\([^)]+\\)/'] },
    },
  },
};
