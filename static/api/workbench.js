// Swagger UI. It keeps no credential once the page is closed, and asks no outside validator.
// Groups begin folded: hundreds of operations at once would take a browser half a minute.
SwaggerUIBundle({
  url: "/v1/openapi.json",
  domNode: document.getElementById("workbench"),
  deepLinking: true,
  docExpansion: "none",
  filter: true,
  persistAuthorization: false,
  validatorUrl: null,
});
