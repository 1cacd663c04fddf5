module assay.example/jwt

go 1.25
