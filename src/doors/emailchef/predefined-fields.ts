/** What every contact has: the number that conditions know it by, its placeholder, and the contact property behind it. */
export const predefinedFields = [
  { id: "-1", place_holder: "email", name: "Email", data_type: "text" },
  { id: "-2", place_holder: "first_name", name: "First name", data_type: "text" },
  { id: "-3", place_holder: "last_name", name: "Last name", data_type: "text" },
  { id: "-4", place_holder: "privacy", name: "Privacy consent", data_type: "boolean" },
  { id: "-5", place_holder: "terms", name: "Terms consent", data_type: "boolean" },
  { id: "-6", place_holder: "newsletter", name: "Newsletter consent", data_type: "boolean" },
] as const;
