from django.apps import AppConfig


class PassportsConfig(AppConfig):
    name = "lodeline_server.passports"
    label = "passports"
