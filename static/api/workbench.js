// Swagger UI. It keeps no credential once the page is closed, and asks no outside validator.
SwaggerUIBundle({
  url: "/v1/openapi.json",
  domNode: document.getElementById("workbench"),
  deepLinking: true,
  persistAuthorization: false,
  validatorUrl: null,
});
