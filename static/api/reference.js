// Redoc, without its search: that one starts a worker from a blob, which our policy forbids.
Redoc.init(
  "/v1/openapi.json",
  { disableSearch: true, hideLogo: true, nativeScrollbars: true, expandResponses: "200,201" },
  document.getElementById("reference"),
);
