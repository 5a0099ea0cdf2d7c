from django.urls import path

from cookiebanner.demo import views

urlpatterns = [path("", views.shop, name="demo_shop")]
