package cloister.room;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/// A purpose of the W3C Data Privacy Vocabulary (DPV 2.3, "Purposes"), with its broader terms. All
/// 122 terms are here; `Sector`, which restricts a purpose but is none, is not. DPV puts
/// `RightsFulfilment` under a legal basis, which is no purpose: here only `Purpose` is above it.
public enum Purpose {
  PURPOSE("Purpose"),
  ACCOUNT_MANAGEMENT("AccountManagement", PURPOSE),
  COMMERCIAL_PURPOSE("CommercialPurpose", PURPOSE),
  COMMUNICATION_MANAGEMENT("CommunicationManagement", PURPOSE),
  CUSTOMER_MANAGEMENT("CustomerManagement", PURPOSE),
  CUSTOMER_CARE("CustomerCare", CUSTOMER_MANAGEMENT),
  COMMUNICATION_FOR_CUSTOMER_CARE(
      "CommunicationForCustomerCare", COMMUNICATION_MANAGEMENT, CUSTOMER_CARE),
  CUSTOMER_CLAIMS_MANAGEMENT("CustomerClaimsManagement", CUSTOMER_MANAGEMENT),
  CUSTOMER_ORDER_MANAGEMENT("CustomerOrderManagement", CUSTOMER_MANAGEMENT),
  CUSTOMER_RELATIONSHIP_MANAGEMENT("CustomerRelationshipManagement", CUSTOMER_MANAGEMENT),
  CUSTOMER_SOLVENCY_MONITORING("CustomerSolvencyMonitoring", CUSTOMER_MANAGEMENT),
  ENFORCE_SECURITY("EnforceSecurity", PURPOSE),
  ENFORCE_ACCESS_CONTROL("EnforceAccessControl", ENFORCE_SECURITY),
  IDENTITY_AUTHENTICATION("IdentityAuthentication", ENFORCE_SECURITY),
  MISUSE_PREVENTION_AND_DETECTION("MisusePreventionAndDetection", ENFORCE_SECURITY),
  FRAUD_PREVENTION_AND_DETECTION("FraudPreventionAndDetection", MISUSE_PREVENTION_AND_DETECTION),
  COUNTER_MONEY_LAUNDERING("CounterMoneyLaundering", FRAUD_PREVENTION_AND_DETECTION),
  MAINTAIN_FRAUD_DATABASE("MaintainFraudDatabase", FRAUD_PREVENTION_AND_DETECTION),
  VERIFICATION("Verification", ENFORCE_SECURITY),
  AGE_VERIFICATION("AgeVerification", VERIFICATION),
  IDENTITY_VERIFICATION("IdentityVerification", VERIFICATION),
  ESTABLISH_CONTRACTUAL_AGREEMENT("EstablishContractualAgreement", PURPOSE),
  FULFILMENT_OF_OBLIGATION("FulfilmentOfObligation", PURPOSE),
  FULFILMENT_OF_CONTRACTUAL_OBLIGATION(
      "FulfilmentOfContractualObligation", FULFILMENT_OF_OBLIGATION),
  LEGAL_COMPLIANCE("LegalCompliance", FULFILMENT_OF_OBLIGATION),
  PROTECTION_OF_IPR("ProtectionOfIPR", FULFILMENT_OF_OBLIGATION),
  HUMAN_RESOURCE_MANAGEMENT("HumanResourceManagement", PURPOSE),
  PERSONNEL_MANAGEMENT("PersonnelManagement", HUMAN_RESOURCE_MANAGEMENT),
  PERSONNEL_HIRING("PersonnelHiring", PERSONNEL_MANAGEMENT),
  PERSONNEL_ONBOARDING("PersonnelOnboarding", PERSONNEL_HIRING),
  RECRUITMENT_MANAGEMENT("RecruitmentManagement", PERSONNEL_HIRING),
  RECRUITMENT_APPLICANT_BACKGROUND_CHECK(
      "RecruitmentApplicantBackgroundCheck", RECRUITMENT_MANAGEMENT),
  RECRUITMENT_APPLICANT_CRIMINAL_BACKGROUND_CHECK(
      "RecruitmentApplicantCriminalBackgroundCheck", RECRUITMENT_MANAGEMENT),
  RECRUITMENT_APPLICANT_INFORMATION_AUTHENTICATION(
      "RecruitmentApplicantInformationAuthentication", RECRUITMENT_MANAGEMENT),
  RECRUITMENT_APPLICANT_SELECTION("RecruitmentApplicantSelection", RECRUITMENT_MANAGEMENT),
  RECRUITMENT_APPLICATION_MANAGEMENT("RecruitmentApplicationManagement", RECRUITMENT_MANAGEMENT),
  RECRUITMENT_APPLICATION_ANALYSIS(
      "RecruitmentApplicationAnalysis", RECRUITMENT_APPLICATION_MANAGEMENT),
  RECRUITMENT_APPLICATION_SCREENING(
      "RecruitmentApplicationScreening", RECRUITMENT_APPLICATION_MANAGEMENT),
  RECRUITMENT_INTERVIEW_MANAGEMENT("RecruitmentInterviewManagement", RECRUITMENT_MANAGEMENT),
  RECRUITMENT_INTERVIEW_ANALYSIS("RecruitmentInterviewAnalysis", RECRUITMENT_INTERVIEW_MANAGEMENT),
  RECRUITMENT_INTERVIEW_ASSESSMENT(
      "RecruitmentInterviewAssessment", RECRUITMENT_INTERVIEW_MANAGEMENT),
  RECRUITMENT_INTERVIEW_SCHEDULING(
      "RecruitmentInterviewScheduling", RECRUITMENT_INTERVIEW_MANAGEMENT),
  PERSONNEL_MONITORING("PersonnelMonitoring", PERSONNEL_MANAGEMENT),
  PERSONNEL_BEHAVIOUR_MONITORING("PersonnelBehaviourMonitoring", PERSONNEL_MONITORING),
  PERSONNEL_PERFORMANCE_MANAGEMENT(
      "PersonnelPerformanceManagement", PERSONNEL_MANAGEMENT, PERSONNEL_MONITORING),
  PERSONNEL_PERFORMANCE_EVALUATION(
      "PersonnelPerformanceEvaluation", PERSONNEL_PERFORMANCE_MANAGEMENT),
  PERSONNEL_PERFORMANCE_MONITORING(
      "PersonnelPerformanceMonitoring", PERSONNEL_MONITORING, PERSONNEL_PERFORMANCE_MANAGEMENT),
  PERSONNEL_PERFORMANCE_PREDICTION(
      "PersonnelPerformancePrediction", PERSONNEL_PERFORMANCE_MANAGEMENT),
  PERSONNEL_OFFBOARDING("PersonnelOffboarding", PERSONNEL_MANAGEMENT),
  PERSONNEL_PAYMENT("PersonnelPayment", PERSONNEL_MANAGEMENT),
  PERSONNEL_PROMOTION_MANAGEMENT("PersonnelPromotionManagement", PERSONNEL_MANAGEMENT),
  PERSONNEL_TERMINATION_MANAGEMENT("PersonnelTerminationManagement", PERSONNEL_MANAGEMENT),
  PERSONNEL_WORKLOAD_MANAGEMENT("PersonnelWorkloadManagement", PERSONNEL_MANAGEMENT),
  MARKETING("Marketing", PURPOSE),
  ADVERTISING("Advertising", MARKETING),
  RECRUITMENT_ADVERTISING("RecruitmentAdvertising", ADVERTISING, PERSONNEL_HIRING),
  DIRECT_MARKETING("DirectMarketing", MARKETING),
  PUBLIC_RELATIONS("PublicRelations", MARKETING),
  SOCIAL_MEDIA_MARKETING("SocialMediaMarketing", MARKETING),
  NON_COMMERCIAL_PURPOSE("NonCommercialPurpose", PURPOSE),
  ORGANISATION_GOVERNANCE("OrganisationGovernance", PURPOSE),
  DISPUTE_MANAGEMENT("DisputeManagement", ORGANISATION_GOVERNANCE),
  MEMBER_PARTNER_MANAGEMENT("MemberPartnerManagement", ORGANISATION_GOVERNANCE),
  ORGANISATION_COMPLIANCE_MANAGEMENT("OrganisationComplianceManagement", ORGANISATION_GOVERNANCE),
  ORGANISATION_RISK_MANAGEMENT("OrganisationRiskManagement", ORGANISATION_GOVERNANCE),
  PERSONALISATION("Personalisation", PURPOSE),
  PERSONALISED_ADVERTISING("PersonalisedAdvertising", ADVERTISING, PERSONALISATION),
  TARGETED_ADVERTISING("TargetedAdvertising", PERSONALISED_ADVERTISING),
  RECRUITMENT_TARGETED_ADVERTISING(
      "RecruitmentTargetedAdvertising", RECRUITMENT_ADVERTISING, TARGETED_ADVERTISING),
  POLITICAL_CAMPAIGN("PoliticalCampaign", ADVERTISING, PERSONALISATION),
  PUBLIC_BENEFIT("PublicBenefit", PURPOSE),
  COMBAT_CLIMATE_CHANGE("CombatClimateChange", PUBLIC_BENEFIT),
  COUNTERTERRORISM("Counterterrorism", PUBLIC_BENEFIT),
  DATA_ALTRUISM("DataAltruism", PUBLIC_BENEFIT),
  IMPROVE_HEALTHCARE("ImproveHealthcare", PUBLIC_BENEFIT),
  IMPROVE_PUBLIC_SERVICES("ImprovePublicServices", PUBLIC_BENEFIT),
  IMPROVE_TRANSPORT_MOBILITY("ImproveTransportMobility", PUBLIC_BENEFIT),
  PROTECTION_OF_NATIONAL_SECURITY("ProtectionOfNationalSecurity", PUBLIC_BENEFIT),
  PROTECTION_OF_PUBLIC_SECURITY("ProtectionOfPublicSecurity", PUBLIC_BENEFIT),
  PROVIDE_OFFICIAL_STATISTICS("ProvideOfficialStatistics", PUBLIC_BENEFIT),
  PUBLIC_POLICY_MAKING("PublicPolicyMaking", PUBLIC_BENEFIT),
  RECORD_MANAGEMENT("RecordManagement", PURPOSE),
  RESEARCH_AND_DEVELOPMENT("ResearchAndDevelopment", PURPOSE),
  ACADEMIC_RESEARCH("AcademicResearch", RESEARCH_AND_DEVELOPMENT),
  COMMERCIAL_RESEARCH("CommercialResearch", COMMERCIAL_PURPOSE, RESEARCH_AND_DEVELOPMENT),
  NON_COMMERCIAL_RESEARCH(
      "NonCommercialResearch", NON_COMMERCIAL_PURPOSE, RESEARCH_AND_DEVELOPMENT),
  SCIENTIFIC_RESEARCH("ScientificResearch", RESEARCH_AND_DEVELOPMENT),
  RIGHTS_FULFILMENT("RightsFulfilment", PURPOSE),
  SERVICE_MANAGEMENT("ServiceManagement", PURPOSE),
  PAYMENT_MANAGEMENT("PaymentManagement", SERVICE_MANAGEMENT),
  REPAIR_IMPAIRMENTS("RepairImpairments", SERVICE_MANAGEMENT),
  SERVICE_ACCESS_DETERMINATION("ServiceAccessDetermination", SERVICE_MANAGEMENT),
  SERVICE_MONITORING("ServiceMonitoring", SERVICE_MANAGEMENT),
  SERVICE_USAGE_ANALYTICS("ServiceUsageAnalytics", SERVICE_MONITORING),
  SERVICE_OPTIMISATION("ServiceOptimisation", SERVICE_MANAGEMENT),
  OPTIMISATION_FOR_CONSUMER("OptimisationForConsumer", SERVICE_OPTIMISATION),
  OPTIMISE_USER_INTERFACE("OptimiseUserInterface", OPTIMISATION_FOR_CONSUMER),
  OPTIMISATION_FOR_CONTROLLER("OptimisationForController", SERVICE_OPTIMISATION),
  IMPROVE_EXISTING_PRODUCTS_AND_SERVICES(
      "ImproveExistingProductsAndServices", OPTIMISATION_FOR_CONTROLLER),
  IMPROVE_INTERNAL_CRM_PROCESSES(
      "ImproveInternalCRMProcesses", CUSTOMER_RELATIONSHIP_MANAGEMENT, OPTIMISATION_FOR_CONTROLLER),
  INCREASE_SERVICE_ROBUSTNESS("IncreaseServiceRobustness", OPTIMISATION_FOR_CONTROLLER),
  INTERNAL_RESOURCE_OPTIMISATION("InternalResourceOptimisation", OPTIMISATION_FOR_CONTROLLER),
  SERVICE_PERSONALISATION("ServicePersonalisation", PERSONALISATION, SERVICE_MANAGEMENT),
  PERSONALISED_BENEFITS("PersonalisedBenefits", SERVICE_PERSONALISATION),
  PROVIDE_PERSONALISED_RECOMMENDATIONS(
      "ProvidePersonalisedRecommendations", SERVICE_PERSONALISATION),
  PROVIDE_EVENT_RECOMMENDATIONS(
      "ProvideEventRecommendations", PROVIDE_PERSONALISED_RECOMMENDATIONS),
  PROVIDE_PRODUCT_RECOMMENDATIONS(
      "ProvideProductRecommendations", PROVIDE_PERSONALISED_RECOMMENDATIONS),
  USER_INTERFACE_PERSONALISATION("UserInterfacePersonalisation", SERVICE_PERSONALISATION),
  SERVICE_PROVISION("ServiceProvision", SERVICE_MANAGEMENT),
  REQUESTED_SERVICE_PROVISION("RequestedServiceProvision", SERVICE_PROVISION),
  DELIVERY_OF_GOODS("DeliveryOfGoods", REQUESTED_SERVICE_PROVISION),
  SEARCH_FUNCTIONALITIES("SearchFunctionalities", SERVICE_PROVISION),
  SELL_PRODUCTS("SellProducts", SERVICE_PROVISION),
  SELL_DATA_TO_THIRD_PARTIES("SellDataToThirdParties", SELL_PRODUCTS),
  SELL_INSIGHTS_FROM_DATA("SellInsightsFromData", SELL_PRODUCTS),
  SELL_PRODUCTS_TO_DATA_SUBJECT("SellProductsToDataSubject", SELL_PRODUCTS),
  TECHNICAL_SERVICE_PROVISION("TechnicalServiceProvision", SERVICE_PROVISION),
  SERVICE_REGISTRATION("ServiceRegistration", SERVICE_MANAGEMENT),
  VENDOR_MANAGEMENT("VendorManagement", PURPOSE),
  VENDOR_PAYMENT("VendorPayment", VENDOR_MANAGEMENT),
  VENDOR_RECORDS_MANAGEMENT("VendorRecordsManagement", VENDOR_MANAGEMENT),
  VENDOR_SELECTION_ASSESSMENT("VendorSelectionAssessment", VENDOR_MANAGEMENT);

  private static final Map<String, Purpose> BY_TERM =
      Arrays.stream(values())
          .collect(Collectors.toUnmodifiableMap(Purpose::term, Function.identity()));

  private final String term;

  // Set.of, which nothing changes.
  @SuppressWarnings("ImmutableEnumChecker")
  private final Set<Purpose> broader;

  Purpose(String term, Purpose... broader) {
    this.term = term;
    this.broader = Set.of(broader);
  }

  /// The DPV term, as documents write it.
  public String term() {
    return term;
  }

  /// The terms directly above; several where DPV has several, none for `Purpose` itself.
  public Set<Purpose> broader() {
    return broader;
  }

  public static Optional<Purpose> byTerm(String term) {
    return Optional.ofNullable(BY_TERM.get(term));
  }

  /// Every term, sorted, to suggest the nearest one to an unknown word.
  public static List<String> terms() {
    return BY_TERM.keySet().stream().sorted().toList();
  }

  /// Whether a permission for this purpose is one for `other`: the same term or a narrower one.
  public boolean covers(Purpose other) {
    return this == other || other.broader.stream().anyMatch(this::covers);
  }

  @Override
  public String toString() {
    return term;
  }
}
